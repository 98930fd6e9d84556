/** A decoder on a raw socket that answers byte for byte as it is told, however badly. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

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
  /** Decodes that it was asked for. */
  readonly requests: BackendRequest[]
  /** Questions after its health. */
  readonly probes: BackendRequest[]
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>
  behaviour: Behaviour
  /** Its answer to `GET /health`. */
  health: Behaviour
  /** Called once with the head alone, before the body has come. */
  early: Behaviour | undefined
  stop(): Promise<void>
}

export interface FakeBackendOptions {
  /** Speaks https with this certificate. */
  readonly tls?: TlsOptions
}

/** The gateway's own decodes, which look into what a client's request showed, are of zeros. */
export const isOfClient = ({ body }: BackendRequest): boolean => body.some((byte) => byte !== 0)

/** The usual answer to a question after its health. */
export const isWell: Behaviour = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
}

export async function startFakeBackend(
  behaviour: Behaviour,
  { tls }: FakeBackendOptions = {},
): Promise<FakeBackend> {
  const open = new Set<Socket>()
  const requests: BackendRequest[] = []
  const probes: BackendRequest[] = []
  const connected = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    readRequests(socket, (request, isWhole) => {
      if (!isWhole) return backend.early?.(socket, request)
      const isProbe = request.method === 'GET'
      const [asked, answer] = isProbe ? [probes, backend.health] : [requests, backend.behaviour]
      asked.push(request)
      answer(socket, request)
    })
  }
  const server = tls ? createTlsServer(tls, connected) : createServer({ noDelay: true }, connected)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const backend: FakeBackend = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}/`,
    requests,
    probes,
    open,
    behaviour,
    health: isWell,
    early: undefined,
    async stop() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return backend
}

/** A URL that refuses connections. A port that was free a moment ago might be somebody else's by now; this one is not. */
export const REFUSING_URL = 'http://127.0.0.1:1/'

/** Calls back for each request, one after the other: when its head has arrived, and when it has arrived whole. */
export function readRequests(
  socket: Socket,
  onRequest: (request: BackendRequest, isWhole: boolean) => void,
): void {
  let received = Buffer.alloc(0)
  let isAnnounced = false
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const head = readHead(received.subarray(0, headEnd).toString('latin1'))
      if (!isAnnounced) onRequest({ ...head, body: Buffer.alloc(0) }, false)
      isAnnounced = true
      const end = headEnd + 4 + Number(head.headers['content-length'] ?? 0)
      if (received.length < end) return
      const body = received.subarray(headEnd + 4, end)
      received = received.subarray(end)
      isAnnounced = false
      onRequest({ ...head, body }, true)
    }
  })
}

function readHead(text: string): Omit<BackendRequest, 'body'> {
  const [line = '', ...fields] = text.split('\r\n')
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  const [method = '', target = ''] = line.split(' ')
  const url = new URL(target, 'http://backend')
  return { method, path: url.pathname, query: url.searchParams, headers }
}
