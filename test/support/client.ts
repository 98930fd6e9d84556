/** Clients: a well-behaved one, and a raw socket that can leave at any moment. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestGateway } from './gateway.ts'

/** Bytes of a [1, 4, 8, 8] float16 latent that nobody else sends. */
let serial = 0
export function uniqueLatent(): Uint8Array<ArrayBuffer> {
  const latent = new Float16Array(4 * 8 * 8).fill(0.5)
  latent[0] = ++serial
  return new Uint8Array(latent.buffer)
}

/** Query of a decode of such a latent to a uint8 picture. */
export const PICTURE_QUERY =
  'image_format=jpg&output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True'

export function decode(
  gateway: TestGateway,
  path: string,
  body: Uint8Array<ArrayBuffer>,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    body,
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'tensor/binary',
      accept: 'tensor/binary',
    },
    ...init,
  })
}

export interface Problem {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly error: string
  readonly requestId: string
}

/** A connection to the gateway that writes what it is told. */
export async function rawConnection(gateway: TestGateway): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

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

/** Everything the gateway sends until the connection ends, and whether it ended cleanly. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}
