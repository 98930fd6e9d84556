/**
 * Requests in whose bytes another request hides, as somebody in front might read them otherwise. What can be read in two ways is
 * refused; what is read is read in one way, and what follows it begins where it ends.
 */
import { describe, expect, test } from 'vitest'
import { converse, pictureQuery, rawDecode, uniqueLatent, withHead } from '../support/client.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'], slots: 4 }] }))

const PATH = `/sd-v1?${pictureQuery()}`
/** Is answered by 200 where it is read as a request of its own. */
const FOLLOWER = Buffer.from('GET /health?follower HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n')
const TE = 'transfer-encoding:'

type Rewrite = (head: string) => string
const line =
  (text: string): Rewrite =>
  (head) =>
    `${head}\r\n${text}`
/** Chunks instead of a length. */
const coded =
  (text: string, then: Rewrite = (head) => head): Rewrite =>
  (head) =>
    then(`${head.replace(/\r\ncontent-length: \d+/, '')}\r\n${text}`)
const start =
  (from: string, to: string): Rewrite =>
  (head) =>
    head.replace(from, to)

/** A latent as it is, or between what stands before and after it. */
const framed = (latent: Uint8Array, before = '', after = ''): Buffer =>
  Buffer.concat([Buffer.from(before, 'latin1'), latent, Buffer.from(after, 'latin1')])
const LAST = '\r\n0\r\n\r\n'

function request(rewrite: Rewrite, latent: Uint8Array, before?: string, after?: string, owe = false): Buffer {
  const bare = rawDecode(on.gateway, PATH, new Uint8Array(), { declared: 512, owe })
  return Buffer.concat([withHead(bare, rewrite), framed(latent, before, after), FOLLOWER])
}

describe('T8: C10: is refused, and nothing after it is read:', () => {
  test.each<[string, Rewrite, before?: string, after?: string]>([
    ['C10: a bare LF between headers', line('x-a: b\ncontent-length: 5')],
    ['C10: a header before the first that begins with a space', start('\r\nhost', '\r\n host')],
    ['C10: a length with a space before its colon', coded('content-length : 512')],
    ['C10: a control character in the name of a header', line('x\x01y: a')],
    ['C10: a header without a colon', line('content-length')],
    ['C10: a header without a name', line(': a')],
    ['C10: two spaces in the request line', start('POST /', 'POST  /')],
    ['C10: a tab in the request line', start('POST /', 'POST\t/')],
    ['C10: another version', start('HTTP/1.1', 'HTTP/2.0')],
    ['C10: chunks in HTTP/1.0', coded(`${TE} chunked`, start('HTTP/1.1', 'HTTP/1.0')), '200\r\n', LAST],
    ['C10: TE.TE, chunked that is not the last', coded(`${TE} chunked, identity`), '200\r\n', LAST],
    ['C10: TE.TE, quoted', coded(`${TE} "chunked"`), '200\r\n', LAST],
    ['C10: a line in the extension of a chunk', coded(`${TE} chunked`), '200;a\nb\r\n', LAST],
    ['C10: a chunk size with a minus', coded(`${TE} chunked`), '-200\r\n', LAST],
    ['C10: a chunk size with a plus', coded(`${TE} chunked`), '+200\r\n', LAST],
    ['C10: a chunk size with an underscore', coded(`${TE} chunked`), '2_00\r\n', LAST],
    ['C10: a chunk size that is not there', coded(`${TE} chunked`), '\r\n', LAST],
    ['C10: a chunk size with letters behind it', coded(`${TE} chunked`), '200xyz\r\n', LAST],
    ['C10: a chunk that is longer than its size', coded(`${TE} chunked`), '1f0\r\n', LAST],
    ['C10: a chunk that ends in something else', coded(`${TE} chunked`), '200\r\n', 'XX0\r\n\r\n'],
  ])('%s', async (_, rewrite, before, after) => {
    const { statuses } = await converse(on.gateway, request(rewrite, uniqueLatent(), before, after))
    expect(statuses).toEqual([400])
    expect(on.backend.requests).toHaveLength(0)
    // The chunks were read by the gateway itself, which may have said why it refused them.
    on.gateway.log.length = 0
  })
})

test('T8: C10: a second host is refused', async () => {
  const twice = request(line('host: elsewhere.example'), uniqueLatent())
  expect((await converse(on.gateway, twice)).statuses).toEqual([400, 200])
  expect(on.backend.requests).toHaveLength(0)
})

describe('T8: C10: is read in one way, the only one:', () => {
  test.each<[string, Rewrite, before?: string, after?: string]>([
    ['C10: the same length twice', line('content-length: 512')],
    ['C10: a length that begins with a zero', start('content-length: 512', 'content-length: 0512')],
    ['C10: a length in another spelling is none', line('content_length: 5')],
    ['C10: a coding in capitals', coded(`${TE} CHUNKED`), '200\r\n', LAST],
    ['C10: a coding behind a tab', coded(`${TE}\tchunked`), '200\r\n', LAST],
    ['C10: an extension of a chunk', coded(`${TE} chunked`), '200;a=b\r\n', LAST],
    ['C10: zeros before a chunk size', coded(`${TE} chunked`), '00000000000000000200\r\n', LAST],
    [
      'C10: a length among the trailers',
      coded(`${TE} chunked`),
      '200\r\n',
      '\r\n0\r\ncontent-length: 5\r\n\r\n',
    ],
    ['C10: a target with another host', start('POST /', 'POST http://elsewhere.example/')],
    ['C10: an upgrade that nobody wants', line('connection: upgrade\r\nupgrade: h2c')],
  ])('%s', async (_, rewrite, before, after) => {
    const latent = uniqueLatent()
    const { statuses } = await converse(on.gateway, request(rewrite, latent, before, after, true))
    expect(statuses).toEqual([200, 200])
    expect(on.backend.requests.map(({ body }) => body.equals(latent))).toEqual([true])
    const { headers } = on.backend.requests[0] ?? {}
    expect(headers).toMatchObject({ host: new URL(on.backend.url).host, 'content-length': '512' })
    expect(Object.keys(headers ?? {})).not.toEqual(expect.arrayContaining(['upgrade']))
  })
})

test('T8: C10: a body that nobody declared is no body, and no request either', async () => {
  const bytes = request(coded('content_length: 512'), uniqueLatent())
  const { statuses, text } = await converse(on.gateway, bytes)
  expect(statuses).toEqual([400, 400])
  expect(text).toContain('empty-body')
  expect(on.backend.requests).toHaveLength(0)
  on.gateway.log.length = 0
})

test.each(['5\r\nhello\r\n0\r\n\r\n', 'hello'])(
  'T8: a GET with a body ends where its body ends: %j',
  async (body) => {
    const framing = body === 'hello' ? 'content-length: 5' : `${TE} chunked`
    const head = `GET /health HTTP/1.1\r\nhost: gateway\r\n${framing}\r\n\r\n`
    const { statuses } = await converse(on.gateway, Buffer.concat([Buffer.from(head + body), FOLLOWER]))
    expect(statuses).toEqual([200, 200])
  },
)

test.each([
  ['CONNECT elsewhere.example:443', 500],
  ['TRACE /', 405],
  ['PRI *', 501],
  ['NONSENSE /', 501],
  ['GET //elsewhere.example/health', 404],
  ['GET http://elsewhere.example/nowhere/at/all', 404],
])('T8: "%s" goes nowhere, and nothing of it comes back', async (target, status) => {
  const bytes = `${target} HTTP/1.1\r\nhost: gateway\r\ncookie: echo-me\r\nconnection: close\r\n\r\n`
  const { statuses, text } = await converse(on.gateway, Buffer.from(bytes))
  expect(statuses).toEqual([status])
  expect(text).not.toContain('echo-me')
  expect(on.backend.requests).toHaveLength(0)
  // The runtime has its say about tunnels.
  on.gateway.log.length = 0
})
