/** What backends do, well and badly, when they are asked for uint8 pictures of 4-channel latents. */
import { createCipheriv, createHash } from 'node:crypto'
import { CANARY_TEXT, remember } from './canaries.ts'
import type { BackendRequest, Behaviour } from './fake-backend.ts'

/**
 * The one right answer to a latent: bytes that no other latent has, as many as the picture needs. They do not repeat,
 * so that a piece that is lost, doubled or out of place is seen.
 */
export function pictureOf(latent: Uint8Array, side = 64): Buffer {
  const key = createHash('sha256').update(latent).digest()
  const picture = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(side * side * 3))
  remember(picture)
  return picture
}

export const sideOf = ({ query }: BackendRequest): number => Number(query.getAll('shape').at(-1)) * 8

interface Head {
  readonly status?: string
  readonly headers?: Readonly<Record<string, string | number>>
}

export const head = ({ status = '200 OK', headers = {} }: Head): string =>
  `HTTP/1.1 ${status}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

export const tensorHeaders = (request: BackendRequest): Record<string, string> => {
  const side = sideOf(request)
  return { 'content-type': 'tensor/binary', shape: `[1,${side},${side},3]`, dtype: 'uint8' }
}

/** A correct answer. */
export const serve: Behaviour = (socket, request) => {
  const picture = pictureOf(request.body, sideOf(request))
  socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
  socket.write(picture)
}

/** A correct answer once `opened` resolves. */
export const serveAfter =
  (opened: Promise<void>): Behaviour =>
  (socket, request) => {
    void opened.then(() => serve(socket, request))
  }

/** An answer of a status and a body, complete and well-formed, that quotes what nobody may see. */
export const answer =
  (status: string, body: string, headers: Record<string, string> = {}): Behaviour =>
  (socket) => {
    const text = `${body} ${CANARY_TEXT}`
    socket.write(head({ status, headers: { 'content-length': Buffer.byteLength(text), ...headers } }) + text)
  }

/** The right head, half of the body, then the connection ends; a promise may hold the end back. */
export const cut =
  (framing: 'length' | 'chunked' | 'close', how: 'fin' | 'reset', until?: Promise<void>): Behaviour =>
  (socket, request) => {
    const picture = pictureOf(request.body, sideOf(request))
    const half = picture.subarray(0, picture.length / 2)
    const headers = {
      length: { 'content-length': picture.length },
      chunked: { 'transfer-encoding': 'chunked' },
      close: { connection: 'close' },
    }[framing]
    const end = (): void => {
      if (how === 'fin') socket.end()
      else socket.resetAndDestroy()
    }
    const part =
      framing === 'chunked'
        ? Buffer.concat([Buffer.from(`${half.length.toString(16)}\r\n`), half, Buffer.from('\r\n')])
        : half
    socket.write(head({ headers: { ...tensorHeaders(request), ...headers } }))
    socket.write(part, () => (until ? void until.then(end) : end()))
  }

/** A tensor answer with other headers, or another body, than the right ones. */
export const mislabelled =
  (headers: Record<string, string | number>, extraBytes = 0): Behaviour =>
  (socket, request) => {
    const picture = pictureOf(request.body, sideOf(request))
    const body =
      extraBytes < 0 ? picture.subarray(0, extraBytes) : Buffer.concat([picture, Buffer.alloc(extraBytes)])
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': body.length, ...headers } }))
    socket.write(body)
  }

/** More bytes than the picture has, with nothing said about their number. */
export const endless: Behaviour = (socket, request) => {
  socket.write(head({ headers: { ...tensorHeaders(request), connection: 'close' } }))
  socket.end(Buffer.alloc(sideOf(request) ** 2 * 3 + 5_000))
}

/** The right head and the first bytes of a body, then so many more every 100 ms. */
export const drip =
  (first: number, bytesPerTick: number): Behaviour =>
  (socket, request) => {
    const picture = pictureOf(request.body, sideOf(request))
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
    socket.write(picture.subarray(0, first))
    let at = first
    const timer = setInterval(() => {
      socket.write(picture.subarray(at, at + bytesPerTick))
      at += bytesPerTick
    }, 100)
    socket.on('close', () => clearInterval(timer))
  }

/** Bytes that differ from place to place, so that none can stand for another. */
export function uniqueBytes(length: number): Buffer {
  const bytes = new Uint32Array(Math.ceil(length / 4))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i + 1, 2_654_435_761)
  return Buffer.from(bytes.buffer, 0, length)
}

/** A picture of such bytes, with its length or without. */
export const serveUnique =
  (withLength: boolean): Behaviour =>
  (socket, request) => {
    const picture = uniqueBytes(sideOf(request) ** 2 * 3)
    const framing = withLength ? { 'content-length': picture.length } : { connection: 'close' }
    socket.write(head({ headers: { ...tensorHeaders(request), ...framing } }))
    if (withLength) socket.write(picture)
    else socket.end(picture)
  }

/** The right head and so many bytes of the body, then a reset. */
export const resetAfter =
  (bytes: number): Behaviour =>
  (socket, request) => {
    const picture = pictureOf(request.body, sideOf(request))
    socket.write(head({ headers: { ...tensorHeaders(request), 'content-length': picture.length } }))
    // A reset drops what is still on its way, so it waits for the other end to take it.
    socket.write(picture.subarray(0, bytes), () => setTimeout(() => socket.resetAndDestroy(), 200))
  }

/** Closes without a word. */
export const reset: Behaviour = (socket) => {
  socket.resetAndDestroy()
}

/** Takes the request and never answers. */
export const hang: Behaviour = () => undefined
