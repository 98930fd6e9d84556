/** Requests as bytes on a socket, and every byte that comes back. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Sent {
  readonly method: string
  /** With the query. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Uint8Array
  /** What leaves early leaves so: after part of the upload, or of the answer. */
  readonly leaves?: 'in the upload' | 'in the answer' | 'while it waits'
  /** Sends half of the body and then nothing, for ever or for so many milliseconds. */
  readonly stalls?: boolean | number
  /** Says that nothing more follows, though it promised more. */
  readonly endsEarly?: boolean
}

export interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** Everything as it came. */
  readonly bytes: Buffer
}

const PATIENCE_MS = 60_000

export async function exchange(url: string, sent: Sent): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    if (sent.leaves === 'in the answer') socket.resetAndDestroy()
  })
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const { body = new Uint8Array() } = sent
  const hasLength = sent.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  const framing = sent.method === 'GET' || hasLength ? [] : [`content-length: ${body.length}`]
  const lines = [
    `${sent.method} ${sent.target} HTTP/1.1`,
    'host: gateway',
    ...sent.headers.map(([name, value]) => `${name}: ${value}`),
    ...framing,
    'connection: close',
  ]
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  const isPart = sent.leaves === 'in the upload' || sent.stalls
  socket.write(isPart ? body.subarray(0, body.length / 2) : body)
  if (typeof sent.stalls === 'number') setTimeout(() => socket.resetAndDestroy(), sent.stalls)
  if (sent.endsEarly) socket.end()
  // Long enough to be on its way.
  if (sent.leaves === 'in the upload') setTimeout(() => socket.resetAndDestroy(), 150)
  if (sent.leaves === 'while it waits') setTimeout(() => socket.resetAndDestroy(), 400)
  await closed
  return answerOf(Buffer.concat(chunks))
}

function answerOf(bytes: Buffer): Answer {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.subarray(0, Math.max(0, end)).toString('latin1')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
  const rest = bytes.subarray(end < 0 ? bytes.length : end + 4)
  const isChunked = /^transfer-encoding: chunked/im.test(head)
  return { status, head, body: isChunked ? unchunked(rest) : rest, bytes }
}

function unchunked(bytes: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (end < 0 || !(size > 0)) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

/** The answer as JSON; undefined when it is none. */
export function jsonOf<T>({ body }: Answer): T | undefined {
  try {
    return JSON.parse(body.toString()) as T
  } catch {
    return undefined
  }
}
