/** What backends do, well and badly. Latents are [1, 4, 8, 8]; answers are uint8 pictures [1, 64, 64, 3]. */
import { createHash } from 'node:crypto'
import type { BackendRequest, Behaviour } from './fake-backend.ts'

const SHAPE = '[1,64,64,3]'
const PICTURE_BYTES = 64 * 64 * 3

/** The one right answer to a latent: bytes that no other latent has. */
export function pictureOf(latent: Uint8Array): Buffer {
  const digest = createHash('sha256').update(latent).digest()
  return Buffer.alloc(PICTURE_BYTES, digest)
}

interface Head {
  readonly status?: string
  readonly headers?: Readonly<Record<string, string | number>>
}

const head = ({ status = '200 OK', headers = {} }: Head): string =>
  `HTTP/1.1 ${status}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

const tensorHeaders = { 'content-type': 'tensor/binary', shape: SHAPE, dtype: 'uint8' }

/** A correct answer. */
export const serve: Behaviour = (socket, { body }) => {
  socket.write(head({ headers: { ...tensorHeaders, 'content-length': PICTURE_BYTES } }))
  socket.write(pictureOf(body))
}

/** A correct answer once `opened` resolves. */
export const serveAfter =
  (opened: Promise<void>): Behaviour =>
  (socket, request) => {
    void opened.then(() => serve(socket, request))
  }

/** An answer of a status and a body, complete and well-formed. */
export const answer =
  (status: string, body: string, headers: Record<string, string> = {}): Behaviour =>
  (socket) => {
    const length = Buffer.byteLength(body)
    socket.write(head({ status, headers: { 'content-length': length, ...headers } }) + body)
  }

/** The right head, half of the body, then the connection ends. */
export const cut =
  (framing: 'length' | 'chunked' | 'close', how: 'fin' | 'reset'): Behaviour =>
  (socket, { body }) => {
    const half = pictureOf(body).subarray(0, PICTURE_BYTES / 2)
    const end = (): void => void (how === 'fin' ? socket.end() : socket.resetAndDestroy())
    if (framing === 'chunked') {
      socket.write(head({ headers: { ...tensorHeaders, 'transfer-encoding': 'chunked' } }))
      socket.write(`${half.length.toString(16)}\r\n`)
      socket.write(Buffer.concat([half, Buffer.from('\r\n')]), end)
      return
    }
    const length = framing === 'length' ? { 'content-length': PICTURE_BYTES } : { connection: 'close' }
    socket.write(head({ headers: { ...tensorHeaders, ...length } }))
    socket.write(half, end)
  }

/** A tensor answer with other headers than the right ones. */
export const mislabelled =
  (headers: Record<string, string | number>, body = Buffer.alloc(PICTURE_BYTES)): Behaviour =>
  (socket) => {
    socket.write(head({ headers: { ...tensorHeaders, 'content-length': body.length, ...headers } }))
    socket.write(body)
  }

/** Closes without a word. */
export const reset: Behaviour = (socket) => {
  socket.resetAndDestroy()
}

/** Takes the request and never answers. */
export const hang: Behaviour = () => undefined

/** One behaviour for each request in turn; the last one stays. */
export function inTurn(first: Behaviour, ...rest: Behaviour[]): Behaviour {
  let current = first
  return (socket, request: BackendRequest) => {
    const now = current
    current = rest.shift() ?? current
    now(socket, request)
  }
}
