/** A decoder on a raw socket that answers byte for byte as it is told, however badly. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export interface BackendRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Answers one request. The socket is the backend's end of the connection. */
export type Behaviour = (socket: Socket, request: BackendRequest) => void

export interface FakeBackend {
  readonly url: string
  readonly requests: BackendRequest[]
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>
  behaviour: Behaviour
  stop(): Promise<void>
}

export async function startFakeBackend(behaviour: Behaviour): Promise<FakeBackend> {
  const open = new Set<Socket>()
  const requests: BackendRequest[] = []
  const server: Server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    readRequests(socket, (request) => {
      requests.push(request)
      backend.behaviour(socket, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const backend: FakeBackend = {
    url: `http://127.0.0.1:${port}/`,
    requests,
    open,
    behaviour,
    async stop() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return backend
}

/** A URL that refuses connections: nothing listens there any more. */
export async function refusingUrl(): Promise<string> {
  const backend = await startFakeBackend(() => undefined)
  await backend.stop()
  return backend.url
}

/** Calls back for each request that has arrived whole, one after the other. */
export function readRequests(socket: Socket, onRequest: (request: BackendRequest) => void): void {
  let received = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const [line = '', ...fields] = received.subarray(0, headEnd).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
      }),
    )
    const length = Number(headers['content-length'] ?? 0)
    if (received.length < headEnd + 4 + length) return
    const body = received.subarray(headEnd + 4, headEnd + 4 + length)
    received = received.subarray(headEnd + 4 + length)
    const [method = '', target = ''] = line.split(' ')
    const url = new URL(target, 'http://backend')
    onRequest({ method, path: url.pathname, query: url.searchParams, headers, body })
  })
}
