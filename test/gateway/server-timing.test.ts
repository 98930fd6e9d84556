/** Where the time of a request went, whatever became of it: in the answer, and in its line of the log. */
import { expect, test } from 'vitest'
import { answer } from '../support/behaviours.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { soon, stage } from '../support/stage.ts'

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['sd-v1'] }] }))

const GOOD = `/sd-v1?${pictureQuery()}`
const nan = (): Uint8Array<ArrayBuffer> => new Uint8Array(uniqueLatent().length).fill(255)
const NO_KEY = { headers: { authorization: 'Bearer vg_none' } }

test.each<
  [what: string, path: string, body: () => Uint8Array<ArrayBuffer>, init: RequestInit, spans: string[]]
>([
  ['served', GOOD, uniqueLatent, {}, ['auth', 'limit', 'upload', 'queue', 'backend', 'total']],
  ['refused for its query', '/sd-v1?shape=1', uniqueLatent, {}, ['auth', 'total']],
  ['refused for its latent', GOOD, nan, {}, ['auth', 'limit', 'upload', 'total']],
])('a request that is %s says where its time went', async (_, path, body, init, spans) => {
  const response = await decode(on.gateway, path, body(), init)
  await response.arrayBuffer()
  const timing = response.headers.get('server-timing') ?? ''
  const told = [...timing.matchAll(/([a-z]+);dur=\d+(?:\.\d)?(?:, |$)/g)].map(([, span]) => span)
  expect(told.toSorted()).toEqual(spans.toSorted())
  expect(told.at(-1)).toBe('total')
})

test('a request without a good key learns nothing from how long that took to find out', async () => {
  const response = await decode(on.gateway, GOOD, uniqueLatent(), NO_KEY)
  expect(response.status).toBe(401)
  await response.arrayBuffer()
  expect(response.headers.get('server-timing')).toBeNull()
})

test('a request that no backend could serve says how long it waited and how long they took', async () => {
  on.backend.behaviour = answer('500 Oops', '')
  const response = await decode(on.gateway, GOOD, uniqueLatent())
  expect(response.status).toBe(502)
  await response.arrayBuffer()
  expect(response.headers.get('server-timing')).toMatch(/upload;dur=.*queue;dur=.*backend;dur=.*total;dur=/)
})

test('the line of a request says what it cost, in numbers and ids', async () => {
  const response = await decode(on.gateway, GOOD, uniqueLatent())
  const bytes = (await response.arrayBuffer()).byteLength
  await soon(() => {
    const lines = on.gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>)
    const [line] = lines.filter(({ kind }) => kind === 'decode')
    expect(line).toMatchObject({
      status: 200,
      end: 'served',
      model: 'sd-v1',
      backend: 'gpu',
      attempts: 1,
      megapixels: 0.004096,
      receivedBytes: 512,
      sentBytes: bytes,
    })
    for (const time of ['ms', 'limitMs', 'uploadMs', 'queueMs', 'backendMs', 'expectedMs']) {
      expect(line?.[time], time).toBeGreaterThanOrEqual(0)
    }
  })
})
