/** Requests whose framing lies, so that two readers could see two different requests in the same bytes. */
import { describe, expect, test } from 'vitest'
import { pictureOf } from '../support/behaviours.ts'
import {
  chunked,
  converse,
  last,
  pictureQuery,
  rawDecode,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'], slots: 4 }] }))

const PATH = `/sd-v1?${pictureQuery()}`
const SMUGGLED = Buffer.from('GET /health?smuggled HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n')

/** A decode with these lines instead of its Content-Length, or with it. */
function request(
  lines: readonly string[],
  body: Uint8Array,
  { keepLength = false, owe = false } = {},
): Buffer {
  const sent = withHead(rawDecode(on.gateway, PATH, new Uint8Array(), { declared: 512, owe }), (head) =>
    [keepLength ? head : head.replace(/\r\ncontent-length: \d+/, ''), ...lines].join('\r\n'),
  )
  return Buffer.concat([sent, body])
}

describe.each(['-1', '+512', '0x200', '5e2', '512, 513', '512, 512', 'five', '', '99999999999999999999'])(
  'a Content-Length of "%s"',
  (length) => {
    test('C9: is refused by 400, and nothing of it reaches a backend', async () => {
      const { statuses } = await converse(on.gateway, request([`content-length: ${length}`], uniqueLatent()))
      expect(statuses).toEqual([400])
      expect(on.backend.requests).toHaveLength(0)
    })
  },
)

test('C9: a second Content-Length that says otherwise is refused by 400', async () => {
  const bytes = request(['content-length: 513'], uniqueLatent(), { keepLength: true })
  expect((await converse(on.gateway, bytes)).statuses).toEqual([400])
  expect(on.backend.requests).toHaveLength(0)
})

const TE = 'transfer-encoding:'
const inHex = (size: string, end = '\r\n') =>
  Buffer.from(`${size}${end}${'a'.repeat(512)}${end}0${end}${end}`)

describe('C10: is refused by 400, with whatever hides behind it:', () => {
  test.each<[string, string[], Uint8Array, keepLength?: boolean]>([
    ['C10: CL.TE, the chunks end before the length', [`${TE} chunked`], Buffer.from('0\r\n\r\n'), true],
    ['C10: an unknown coding and a length', [`${TE} xchunked`], chunked(uniqueLatent()), true],
    ['C10: an unknown coding', [`${TE} xchunked`], chunked(uniqueLatent())],
    ['C10: TE.TE, two lines', [`${TE} chunked`, `${TE} identity`], chunked(uniqueLatent())],
    ['C10: TE.TE, a vertical tab', [`${TE} \x0bchunked`], chunked(uniqueLatent())],
    ['C10: a space before the colon', ['transfer-encoding : chunked'], chunked(uniqueLatent())],
    ['C10: a folded coding', [TE, ' chunked'], chunked(uniqueLatent())],
    ['C10: a folded length', ['x-a: b', ' content-length: 5'], uniqueLatent(), true],
    ['C10: a bare CR', ['x-a: b\rcontent-length: 5'], uniqueLatent(), true],
    ['C10: a NUL', ['x-a: b\0c'], uniqueLatent(), true],
    ['C10: a chunk size with 0x', [`${TE} chunked`], inHex('0x200')],
    ['C10: a chunk size beyond 64 bits', [`${TE} chunked`], inHex('10000000000000200')],
    ['C10: chunks between bare LFs', [`${TE} chunked`], inHex('200', '\n')],
  ])('%s', async (_, lines, body, keepLength = false) => {
    const { statuses } = await converse(
      on.gateway,
      Buffer.concat([request(lines, body, { keepLength }), SMUGGLED]),
    )
    expect(statuses).toEqual([400])
    expect(on.backend.requests).toHaveLength(0)
    // The chunks were read by the gateway itself, which may have said why it refused them.
    on.gateway.log.length = 0
  })
})

test('C10: TE.CL, a coding beats a length, and the connection ends with the answer', async () => {
  const latent = uniqueLatent()
  const bytes = request([`${TE} chunked`], chunked(latent), { keepLength: true, owe: true })
  const { statuses } = await converse(on.gateway, Buffer.concat([bytes, SMUGGLED]))
  expect(statuses).toEqual([200])
  expect(on.backend.requests.map(({ body }) => body.equals(latent))).toEqual([true])
})

test('C10: a backend gets the framing of the gateway, whatever that of the client was', async () => {
  const latent = uniqueLatent()
  const { text } = await converse(
    on.gateway,
    last(request([`${TE} chunked`], chunked(latent), { owe: true })),
  )
  expect(text).toContain(pictureOf(latent).toString('latin1'))
  expect(on.backend.requests[0]?.headers).toMatchObject({ 'content-length': '512' })
  expect(on.backend.requests[0]?.headers).not.toHaveProperty('transfer-encoding')
})

test.each([
  ['a header of 600 KB', (head: string) => `${head}\r\nx-flood: ${'a'.repeat(600_000)}`, 431],
  [
    '20,000 headers',
    (head: string) =>
      `${head}${Array.from({ length: 20_000 }, (_, i) => `\r\nx-${i}: ${'a'.repeat(24)}`).join('')}`,
    431,
  ],
  ['a URL of 130 KB', (head: string) => head.replace('?', `?flood=${'a'.repeat(130_000)}&`), 414],
])('C24: %s is refused', async (_, change, status) => {
  const bytes = rawDecode(on.gateway, PATH, uniqueLatent(), { owe: false })
  expect((await converse(on.gateway, withHead(bytes, change))).statuses).toEqual([status])
  expect(on.backend.requests).toHaveLength(0)
})

test.each(['a b', '[', 'x:99999', 'gateway, other'])(
  'C10: a host of "%s" is no fault of ours',
  async (host) => {
    const bytes = rawDecode(on.gateway, PATH, uniqueLatent(), { owe: false })
    const { statuses } = await converse(
      on.gateway,
      last(withHead(bytes, (head) => head.replace('host: gateway', `host: ${host}`))),
    )
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toBeLessThan(500)
    on.gateway.log.length = 0
  },
)
