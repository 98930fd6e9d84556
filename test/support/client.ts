/** Clients: a well-behaved one, and a raw socket that can leave at any moment. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { canaryIn, plantCanary } from './canaries.ts'
import type { TestGateway } from './gateway.ts'

/** Bytes of a [1, channels, side, side] float16 latent that nobody else sends. */
export function uniqueLatent(side = 8, channels = 4): Uint8Array<ArrayBuffer> {
  const latent = new Float16Array(channels * side * side).fill(0.5)
  plantCanary(latent)
  return new Uint8Array(latent.buffer)
}

/** Query of a decode of such a latent to a uint8 picture [1, 8 side, 8 side, 3]. */
export const pictureQuery = (side = 8, channels = 4): string =>
  `image_format=jpg&output_type=pt&partial_postprocess=True&shape=1&shape=${channels}&shape=${side}&shape=${side}&dtype=float16&do_scaling=True`

/** Sends a decode, under an id for which the log owes a line. */
export function decode(
  gateway: TestGateway,
  path: string,
  body: BodyInit,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers({
    authorization: `Bearer ${gateway.key}`,
    'content-type': 'tensor/binary',
    accept: 'tensor/binary',
    'x-request-id': randomUUID(),
  })
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
  gateway.owed.push(headers.get('x-request-id') ?? '')
  return fetch(`${gateway.url}${path}`, { method: 'POST', body, ...init, headers })
}

export interface Problem {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly error: string
  readonly requestId: string
}

/** The problem document of a response, checked for what every one of them must have. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  if (canaryIn(text)) throw new Error('The problem quotes what it must not.')
  const problem = JSON.parse(text) as Problem
  const isWhole =
    response.headers.get('content-type') === 'application/problem+json' &&
    problem.status === response.status &&
    problem.requestId === response.headers.get('x-request-id') &&
    [problem.code, problem.detail, problem.error].every((text) => typeof text === 'string' && text !== '')
  if (!isWhole) throw new Error(`Not a problem document: ${response.status} ${JSON.stringify(problem)}`)
  return problem
}

/** A connection to the gateway that writes what it is told. */
export async function rawConnection(gateway: TestGateway): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/**
 * A decode request as bytes; `declared` may lie about the length of the body. The log owes a line for it once
 * `owe` says so: what the runtime itself refuses never gets to the gateway.
 */
export function rawDecode(
  gateway: TestGateway,
  path: string,
  body: Uint8Array,
  { declared = body.length, owe = true }: { declared?: number; owe?: boolean } = {},
): Buffer {
  const id = randomUUID()
  if (owe) gateway.owed.push(id)
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: gateway',
    `authorization: Bearer ${gateway.key}`,
    'content-type: tensor/binary',
    'accept: tensor/binary',
    `x-request-id: ${id}`,
    `content-length: ${declared}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

/** Everything the gateway sends until the connection ends. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

/**
 * Sends bytes and gives the status of every answer that comes before the gateway closes, and the text. It closes after
 * what it cannot read, and after a request that says `connection: close`.
 */
export async function converse(
  gateway: TestGateway,
  bytes: Uint8Array,
): Promise<{ statuses: number[]; text: string }> {
  const socket = await rawConnection(gateway)
  const all = readAll(socket)
  socket.write(bytes)
  const text = (await all).toString('latin1')
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  return { statuses, text }
}

/** The same request with other or further lines in its head. */
export function withHead(request: Buffer, change: (head: string) => string): Buffer {
  const end = request.indexOf('\r\n\r\n')
  const head = change(request.subarray(0, end).toString('latin1'))
  return Buffer.concat([Buffer.from(head, 'latin1'), request.subarray(end)])
}

/** The same request as the last of its connection. */
export const last = (request: Buffer): Buffer => withHead(request, (head) => `${head}\r\nconnection: close`)

/** A body as one chunk and the last one. */
export const chunked = (body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
