/** What backends do wrong, as data: one of these begins every second or two. */
import { answer, cut, hang, mislabelled, pictureOf, reset, serve } from '../support/behaviours.ts'
import type { BackendRequest, Behaviour } from '../support/fake-backend.ts'
import type { Trouble } from './backend.ts'

export interface BackendFault extends Trouble {
  /**
   * What its failures look like, where the request may be to blame as well. Two backends that fail a request alike, and
   * served others well just now, are believed: the client is told that its request is at fault.
   */
  readonly looks?: 'crash' | 'too-large' | 'invalid' | 'error' | 'truncated'
}

const fault = (name: string, behaviour: Behaviour, more: Partial<BackendFault> = {}): BackendFault => ({
  name,
  behaviour,
  isDown: false,
  ...more,
})

const down = { isDown: true } as const
const crash = { looks: 'crash', isDown: true } as const
const truncated = { looks: 'truncated' } as const
const invalid = { looks: 'invalid' } as const
const error = { looks: 'error', isDown: true } as const

/** The body of a backend's error may quote what it was sent; the gateway must not quote it on. */
const quoting =
  (status: string, text: string, headers: Record<string, string> = {}): Behaviour =>
  (socket, request) => {
    const body = request.body.subarray(0, 64)
    answer(status, `${text} ${body.toString('hex')} ${body.toString('base64')}`, headers)(socket, request)
  }

/** The right answer, a little at a time; after a while the rest, so that no transfer outlasts the run. */
const drip: Behaviour = (socket, request) => {
  let rest = responseOf(request)
  let pieces = 0
  const timer = setInterval(() => {
    const bytes = ++pieces < 100 ? 2_048 : rest.length
    socket.write(rest.subarray(0, bytes))
    rest = rest.subarray(bytes)
    if (rest.length === 0 || socket.destroyed) clearInterval(timer)
  }, 20)
}

/** The right picture and more, with nothing said about its length. */
const tooMuch: Behaviour = (socket, request) => {
  socket.end(Buffer.concat([responseOf(request, 'connection: close'), Buffer.alloc(5_000)]))
}

function responseOf({ query, body }: BackendRequest, framing?: string): Buffer {
  const side = Number(query.getAll('shape').at(-1)) * 8
  const picture = pictureOf(body, side)
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: tensor/binary',
    `shape: [1,${side},${side},3]`,
    'dtype: uint8',
    framing ?? `content-length: ${picture.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), picture])
}

/** Correct, but so late that some give it up. */
const late: Behaviour = (socket, request) => {
  setTimeout(() => serve(socket, request), 700)
}

const html = '<html><body>Please log in</body></html>'
const htmlType = { 'content-type': 'text/html' }
const jsonType = { 'content-type': 'application/json' }
const outOfMemory = 'CUDA out of memory. Tried to allocate 2.00 GiB'
const metadata = { location: 'http://169.254.169.254/latest/meta-data/' }

export const BACKEND_FAULTS: readonly BackendFault[] = [
  { name: 'B1 refuses connections', ...crash },
  fault('B5 hangs', hang, down),
  fault('B6 drips', drip),
  fault('B7 cuts a body with a length (FIN)', cut('length', 'fin'), truncated),
  fault('B8 cuts a chunked body', cut('chunked', 'fin'), truncated),
  fault('B8 cuts a body without framing', cut('close', 'fin'), truncated),
  fault('B9 declares another length', mislabelled({}, 1), invalid),
  fault('B9 sends too much', tooMuch, invalid),
  fault('B10 sends a login page with 200', quoting('200 OK', html, htmlType), { ...invalid, ...down }),
  fault('B11 sends JSON with 200', quoting('200 OK', '{}', jsonType), invalid),
  fault('B11 sends another shape', mislabelled({ shape: '[1,3,64,64]' }), invalid),
  fault('B12 is out of CUDA memory', quoting('400 Bad Request', outOfMemory), { looks: 'too-large' }),
  fault('B16 answers 500', quoting('500 Oops', 'Traceback (most recent call last)'), error),
  fault('B17 answers 504', answer('504 Gateway Timeout', ''), error),
  fault('B19 answers 503 with Retry-After', quoting('503 Busy', 'busy', { 'retry-after': '2' })),
  fault('B19 answers 429', quoting('429 Too Many', 'busy', { 'retry-after': '1' })),
  fault('B20 redirects', answer('302 Found', '', metadata), down),
  fault('B25 resets in the middle of a body', cut('length', 'reset'), truncated),
  fault('B26 resets before its headers', reset, crash),
  fault('B30 is slow', late),
]
