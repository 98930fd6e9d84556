/** Whatever is sent wrongly gets a problem document that says what was expected, and no backend hears of it. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../support/behaviours.ts'
import { problemOf } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'real', url: backend.url, models: ['sd-v1', 'flux', 'hunyuan-video'], slots: 8 }],
  })
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

interface Draft {
  path: string
  query: [string, string][]
  headers: Record<string, string>
  bodyBytes: number
}

/** A good request: [1, 4, 8, 8] float16 to sd-v1. */
const good = (): Draft => ({
  path: '/sd-v1',
  query: [
    ['output_type', 'pt'],
    ['partial_postprocess', 'True'],
    ...['1', '4', '8', '8'].map((size): [string, string] => ['shape', size]),
    ['dtype', 'float16'],
    ['scaling_factor', '0.18215'],
  ],
  headers: {
    authorization: `Bearer ${gateway.key}`,
    'content-type': 'tensor/binary',
    accept: 'tensor/binary',
  },
  bodyBytes: 512,
})

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', 'None', 'null', '-1', '0', '+1', '1.5', '1e309', 'NaN', '0x10', '2147483648', '٣'),
  fc.constantFrom('9007199254740993', '1\r\nx: y', '\u0000', '../..', '%', '[]', '{}', '1,', 'true;', '🙂'),
)
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 /;,=*+-_."') })
const notA = (good: RegExp): fc.Arbitrary<string> => text.filter((value) => !good.test(value))

const set =
  (name: string, value: string) =>
  (draft: Draft): void => {
    draft.query = [...draft.query.filter(([other]) => other !== name), [name, value]]
  }

/** Each breaks a good request in one way for sure. */
const breakages: fc.Arbitrary<(draft: Draft) => void>[] = [
  fc.constantFrom('shape', 'dtype').map((name) => (draft: Draft) => {
    draft.query = draft.query.filter(([other]) => other !== name)
  }),
  fc
    .tuple(fc.nat(3), notA(/^\s*[1-9][0-9]*\s*$/))
    .filter(([, value]) => !/^\s*\[?\s*1\s*,\s*4\s*,\s*8\s*,\s*8\s*\]?\s*$/.test(value))
    .map(([axis, value]) => (draft: Draft) => {
      const shapes = draft.query.filter(([name]) => name === 'shape')
      const shape = shapes[axis]
      if (shape) shape[1] = value
    }),
  fc.array(fc.integer({ min: 1, max: 99_999 }), { maxLength: 8 }).map((shape) => (draft: Draft) => {
    // The length of the body does not follow.
    draft.query = draft.query.filter(([name]) => name !== 'shape')
    for (const size of [...shape, 77]) draft.query.push(['shape', String(size)])
  }),
  notA(/^(float16|float32|bfloat16)$/).map((value) => set('dtype', value)),
  notA(/^(pil|pt|mp4)$/).map((value) => set('output_type', value)),
  notA(/^(true|false)$/i).map((value) => set('partial_postprocess', value)),
  notA(/^(true|false)$/i).map((value) => set('do_scaling', value)),
  notA(/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i).map((value) => set('scaling_factor', value)),
  fc.constantFrom('0', '0.0', '1e999', 'inf', '-0').map((value) => set('scaling_factor', value)),
  notA(/^[1-9][0-9]{0,4}$/).map((value) => set('height', value)),
  fc.constantFrom('dtype', 'output_type', 'scaling_factor').map((name) => (draft: Draft) => {
    draft.query.push([name, draft.query.find(([other]) => other === name)?.[1] ?? ''])
  }),
  fc
    .nat(2_000)
    .filter((bytes) => bytes !== 512)
    .map((bytes) => (draft: Draft) => {
      draft.bodyBytes = bytes
    }),
  fc.constantFrom('image/png', 'text/html', 'application/json', 'tensor').map((type) => (draft: Draft) => {
    draft.headers['content-type'] = type
  }),
  fc.constantFrom('gzip', 'br', 'deflate, gzip').map((coding) => (draft: Draft) => {
    draft.headers['content-encoding'] = coding
  }),
  fc.constantFrom('image/png', 'text/html', 'tensor/binary;q=0', 'x').map((accept) => (draft: Draft) => {
    draft.headers.accept = accept
  }),
  headerText.map((value) => (draft: Draft) => {
    draft.headers.authorization = value
  }),
  fc.base64String().map((value) => (draft: Draft) => {
    draft.headers.authorization = `Basic ${value}`
  }),
  fc.nat(49).map((at) => (draft: Draft) => {
    const key = gateway.key
    const other = key[at] === 'a' ? 'b' : 'a'
    draft.headers.authorization = `Bearer ${key.slice(0, at)}${other}${key.slice(at + 1)}`
  }),
  notA(/^(sd-v1|)$/)
    .filter((name) => !/[/?#\\]|^\.{1,2}$/.test(name))
    .map((name) => (draft: Draft) => {
      draft.path = `/v1/decode/no-${encodeURIComponent(name)}`
    }),
]

/** Things that do no harm, so that breakages meet in all sorts of company. */
const noise: fc.Arbitrary<(draft: Draft) => void> = fc.oneof(
  fc.tuple(fc.string({ minLength: 1 }), text).map(([name, value]) => (draft: Draft) => {
    if (!draft.query.some(([other]) => other === name)) draft.query.push([`x-${name}`, value])
  }),
  headerText.map((value) => (draft: Draft) => {
    draft.headers['x-noise'] = value
  }),
  fc.constantFrom('/sd-v1/', '/SD-V1', '/v1/decode/sd15', '/', '/v1/decode').map((path) => (draft: Draft) => {
    if (draft.path === '/sd-v1') draft.path = path
  }),
)

test('2,000 malformed requests: no 5xx, always a problem with an error, no backend contacted', async () => {
  const drafts = fc.tuple(
    fc.array(noise, { maxLength: 3 }),
    fc.array(fc.oneof(...breakages), { minLength: 1, maxLength: 3 }),
  )
  await fc.assert(
    fc.asyncProperty(drafts, async ([harmless, harmful]) => {
      const draft = good()
      for (const change of [...harmless, ...harmful]) change(draft)
      const query = new URLSearchParams(draft.query)
      const response = await fetch(`${gateway.url}${draft.path}?${query}`, {
        method: 'POST',
        headers: draft.headers,
        body: new Uint8Array(draft.bodyBytes),
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      await problemOf(response)
      expect(backend.requests).toHaveLength(0)
    }),
    { numRuns: 2_000, seed: 20_261_123 },
  )
}, 120_000)

test('the request that they are broken from is a good one', async () => {
  const draft = good()
  const response = await fetch(`${gateway.url}${draft.path}?${new URLSearchParams(draft.query)}`, {
    method: 'POST',
    headers: draft.headers,
    body: new Uint8Array(draft.bodyBytes),
  })
  expect(response.status).toBe(200)
  expect(backend.requests).toHaveLength(1)
})
