/** First lines and Hosts that no client means, and those that some write a little differently. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../support/behaviours.ts'
import { converse, decode, last, pictureQuery, rawDecode, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'

let backend: FakeBackend
let other: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  other = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'both', url: backend.url, models: ['sd-v1'], operations: ['decode', 'encode'] },
      { id: 'one', url: other.url, models: ['sd-v1'] },
    ],
    ADMIN_TOKEN,
  })
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
  await other.stop()
})

const HOSTILE = [
  'a b',
  'a:99999',
  '[::1',
  '"><script>',
  '%00',
  'a/b',
  'a/health?',
  'a?b',
  'a#b',
  'x@y',
  'a\\b',
  'a|b',
]

test.each([...HOSTILE, 'a:b', '::1', '999.999.999.999', 'a, b'])(
  'FC7: Host %j is a 400 problem, on every route',
  async (host) => {
    for (const path of [
      '/v1/models',
      '/health',
      '/',
      '/openapi.json',
      '/v1/admin/config',
      '/problems/no-capacity',
    ]) {
      const head = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`
      const { statuses, text } = await converse(gateway, Buffer.from(head))
      expect([path, statuses]).toEqual([path, [400]])
      expect(text).toMatch(/content-type: application\/problem\+json/i)
      expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'invalid-header' })
    }
  },
)

test.each(['gateway', 'GPU_1.example.com:443', '[::1]:8787', '127.0.0.1:', 'xn--bcher-kva.example'])(
  'FC7: Host %j is one',
  async (host) => {
    const head = `GET /v1/models HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`
    expect((await converse(gateway, Buffer.from(head))).statuses).toEqual([200])
  },
)

test.each(['//sd-v1', '/sd-v1/', '/sd-v1//', '///v1//decode/sd-v1//', '/v1/decode//sd-v1'])(
  'FC12: a slash too many at %s means the same as without',
  async (path) => {
    const response = await decode(gateway, `${path}?${pictureQuery()}`, uniqueLatent())
    await response.arrayBuffer()
    expect(response.status).toBe(200)
  },
)

test('FC12: a slash too many opens nothing: the admin API is as closed, and its pages too', async () => {
  for (const path of ['//v1/admin/config', '/v1//admin/config', '/v1/admin//config/', '//metrics']) {
    const response = await fetch(`${gateway.url}${path}`, { headers: { origin: 'https://page.example' } })
    await response.arrayBuffer()
    expect([path, response.status, response.headers.get('access-control-allow-origin')]).toEqual([
      path,
      401,
      null,
    ])
  }
})

test.each(['/k/a%00b/sd-v1', '/%00', '/v1/decode/%00', '/%zz', '/%ff', '/k/%2e%2e/sd-v1'])(
  'FC12: %s is a problem that its client can read',
  async (target) => {
    const request = last(rawDecode(gateway, target, uniqueLatent(), { owe: false }))
    const { statuses, text } = await converse(gateway, request)
    expect(statuses[0]).toBeGreaterThanOrEqual(400)
    expect(statuses[0]).toBeLessThan(500)
    expect(text).toMatch(/content-type: application\/problem\+json/i)
  },
)

test('FC13: the configuration says which operations a backend serves', async () => {
  const { backends } = await ordered<{ backends: { id: string; operations: string[] }[] }>(
    operate(gateway, '/config'),
  )
  expect(backends.map(({ id, operations }) => [id, operations])).toEqual([
    ['both', ['decode', 'encode']],
    ['one', ['decode']],
  ])
})

test('FC10: wrong tokens wait for their answers, and the right one beside them does not', async () => {
  let answered = 0
  const guess = async (): Promise<number> => {
    const headers = { authorization: 'Bearer a-guess-of-somebody' }
    const response = await fetch(`${gateway.url}/v1/admin/pools`, { headers })
    await response.arrayBuffer()
    answered++
    return response.status
  }
  const guesses = Array.from({ length: 40 }, guess)
  await Promise.race(guesses)
  await ordered(operate(gateway, '/config'))
  expect(answered).toBeLessThan(40)
  expect(new Set(await Promise.all(guesses))).toEqual(new Set([401]))
})
