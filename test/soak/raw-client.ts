/** Requests as bytes on a socket, for clients that do with it what no library would. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type LatentKind, pathOf } from './latent.ts'

export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** The head of a decode; `changes` replace headers of the same name, or drop them. */
export function requestHead(
  kind: LatentKind,
  bodyBytes: number,
  key: string,
  requestId: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const headers = {
    host: 'gateway',
    authorization: `Bearer ${key}`,
    'content-type': 'tensor/binary',
    accept: 'tensor/binary',
    'content-length': String(bodyBytes),
    'x-request-id': requestId,
    ...changes,
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  )
  return `POST ${pathOf(kind)} HTTP/1.1\r\n${lines.join('')}\r\n`
}

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
}

/**
 * Reads an answer that has a length, until it is there or the connection ends.
 *
 * @param pauseMs after each piece that arrives, as a slow reader
 */
export async function readAnswer(socket: Socket, pauseMs = 0): Promise<RawAnswer> {
  let received = Buffer.alloc(0)
  for await (const piece of socket) {
    received = Buffer.concat([received, piece as Buffer])
    const answer = parseAnswer(received)
    if (answer && answer.body.length >= declaredLength(answer.head)) break
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  const answer = parseAnswer(received)
  if (!answer) throw new Error('The connection ended before an answer.')
  return answer
}

function parseAnswer(received: Buffer): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.subarray(0, end).toString('latin1')
  return { status: Number(head.split(' ')[1]), head, body: received.subarray(end + 4) }
}

const declaredLength = (head: string): number =>
  Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.POSITIVE_INFINITY)
