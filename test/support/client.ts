/** Clients: a well-behaved one, and a raw socket that can leave at any moment. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestGateway } from './gateway.ts'

let serial = 0

/** Bytes of a [1, 4, side, side] float16 latent that nobody else sends. */
export function uniqueLatent(side = 8): Uint8Array<ArrayBuffer> {
  const latent = new Float16Array(4 * side * side).fill(0.5)
  latent[0] = ++serial
  return new Uint8Array(latent.buffer)
}

/** Query of a decode of such a latent to a uint8 picture [1, 8 side, 8 side, 3]. */
export const pictureQuery = (side = 8): string =>
  `image_format=jpg&output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=${side}&shape=${side}&dtype=float16&do_scaling=True`

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
  })
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
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
  const problem = (await response.json()) as Problem
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

/** A decode request as bytes; `declared` may lie about the length of the body. */
export function rawDecode(
  gateway: TestGateway,
  path: string,
  body: Uint8Array,
  declared = body.length,
): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: gateway',
    `authorization: Bearer ${gateway.key}`,
    'content-type: tensor/binary',
    'accept: tensor/binary',
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
