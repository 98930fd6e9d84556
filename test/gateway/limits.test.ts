/** Limits of keys, from outside: what is granted, what is refused and how it is said. */
import { expect, test } from 'vitest'
import { answer, serveAfter } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, rawConnection, rawDecode, uniqueLatent } from '../support/client.ts'
import { mintKey, recordOf } from '../support/gateway.ts'
import { soon, stage } from '../support/stage.ts'

const PLANS = {
  default: {},
  three: { requestsPerMinute: 3 },
  /** Two decodes of the tests, which are 64 x 64 pixels. */
  small: { megapixelsPerMinute: 0.009, megapixelsPerMonth: 0.02 },
  four: { concurrency: 4 },
}
const NO_LIMITS = {
  requestsPerMinute: null,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}

const on = stage((url) => ({ BACKENDS: [{ id: 'gpu', url, models: ['auraflow'], slots: 8 }], PLANS }))

const as = (key: string, headers: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...headers },
})
const ask = (key: string, side = 8): Promise<Response> =>
  decode(on.gateway, `/auraflow?${pictureQuery(side)}`, uniqueLatent(side), as(key))

/** Requests that are left of `three`, and those under way. */
async function standing(key: string): Promise<{ left: number | undefined; inFlight: number }> {
  const limits = { ...NO_LIMITS, requestsPerMinute: 3 }
  const { quotas, inFlight } = await on.gateway.keyObject(key).status(limits)
  return { left: quotas[0]?.remaining, inFlight }
}

test('a key gets what its plan allows and is told where it stands', async () => {
  const key = await mintKey({ plan: 'three' })
  const served = [await ask(key), await ask(key), await ask(key)]
  expect(served.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(served.map(({ headers }) => headers.get('ratelimit'))).toEqual([
    expect.stringMatching(/^"requests";r=2;t=6[01]$/),
    expect.stringMatching(/^"requests";r=1;t=6[01]$/),
    expect.stringMatching(/^"requests";r=0;t=6[01]$/),
  ])
  expect(served[0]?.headers.get('ratelimit-policy')).toBe('"requests";q=3;w=60')
  expect(served[0]?.headers.get('server-timing')).toMatch(/limit;dur=/)
  expect(served[0]?.headers.get('access-control-expose-headers')).toMatch(/ratelimit,ratelimit-policy/)

  const refused = await ask(key)
  const retryAfter = Number(refused.headers.get('retry-after'))
  expect(retryAfter).toBeGreaterThan(50)
  expect(retryAfter).toBeLessThan(70)
  expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=\d\d$/)
  expect(await problemOf(refused)).toMatchObject({
    status: 429,
    code: 'too-many-requests',
    'violated-policies': ['requests'],
  })
  // One key's limit is none of another's.
  expect((await ask(await mintKey({ plan: 'three' }))).status).toBe(200)
})

test('a key without limits is told nothing of any', async () => {
  const response = await ask(on.gateway.key)
  expect(response.status).toBe(200)
  expect([response.headers.has('ratelimit'), response.headers.has('ratelimit-policy')]).toEqual([
    false,
    false,
  ])
})

test('T4: what a decode costs is known before it is sent: too many megapixels are refused, fewer may still fit', async () => {
  const key = await mintKey({ plan: 'small' })
  expect((await ask(key)).status).toBe(200)
  const large = await problemOf(await ask(key, 10))
  expect(large).toMatchObject({
    status: 429,
    code: 'too-many-megapixels',
    'violated-policies': ['megapixels'],
  })
  expect((await ask(key)).status).toBe(200)
  const never = await ask(key, 16)
  expect(await problemOf(never)).toMatchObject({ status: 403, code: 'exceeds-plan' })
  expect(never.headers.has('retry-after')).toBe(false)
  expect(on.backend.requests).toHaveLength(2)
})

test('what we fail at is charged nothing', async () => {
  const key = await mintKey({ plan: 'three' })
  on.backend.behaviour = answer('500 Internal Server Error', 'boom')
  for (let i = 0; i < 5; i++) {
    expect((await problemOf(await ask(key))).status).toBeGreaterThanOrEqual(500)
    await soon(async () => {
      const { quotas } = await on.gateway.keyObject(key).status({ ...NO_LIMITS, requestsPerMinute: 3 })
      expect(quotas).toMatchObject([{ remaining: 3 }])
    })
  }
  expect(await on.gateway.keyObject(key).usage(1)).toEqual([])
})

test('what the client does wrong with its body is charged, and its place is free again', async () => {
  const key = await mintKey({ plan: 'three' })
  const short = new ReadableStream({
    start: (stream) => {
      stream.enqueue(new Uint8Array(3))
      stream.close()
    },
  })
  // Without a declared length only the end of the body shows that it is too short.
  const init = { ...as(key), duplex: 'half' } as RequestInit
  const response = await decode(on.gateway, `/auraflow?${pictureQuery()}`, short, init)
  expect(await problemOf(response)).toMatchObject({ code: 'length-shape-mismatch' })
  const { quotas, inFlight } = await on.gateway.keyObject(key).status({ ...NO_LIMITS, requestsPerMinute: 3 })
  expect([quotas[0]?.remaining, inFlight]).toEqual([2, 0])
})

test.each([
  ['a latent with NaN', 'latent-not-finite', '', new Uint8Array(512).fill(0xff)],
  ['a latent of zeros, and no warnings wanted', 'latent-suspicious', '&strict=true', new Uint8Array(512)],
])(
  'what the client does wrong with its latent is charged, and its place is free again: %s',
  async (...which) => {
    const [, code, more, latent] = which
    const key = await mintKey({ plan: 'three' })
    const response = await decode(on.gateway, `/auraflow?${pictureQuery()}${more}`, latent, as(key))
    expect(await problemOf(response)).toMatchObject({ status: 422, code })
    await soon(async () => expect(await standing(key)).toEqual({ left: 2, inFlight: 0 }))
    expect(on.backend.requests).toEqual([])
  },
)

test('a request in JSON counts as any other', async () => {
  const key = await mintKey({ plan: 'three' })
  const statuses = []
  for (let i = 0; i < 4; i++) {
    const body = JSON.stringify({ inputs: Buffer.from(uniqueLatent()).toString('base64') })
    const init = as(key, { 'content-type': 'tensor/base64' })
    const response = await decode(on.gateway, `/auraflow?${pictureQuery()}`, body, init)
    statuses.push(response.status)
    await response.arrayBuffer()
  }
  expect(statuses).toEqual([200, 200, 200, 429])
  await soon(async () => expect((await standing(key)).inFlight).toBe(0))
})

test('C25: a concurrency of four is never exceeded, and leaks nothing when clients reset', async () => {
  const key = await mintKey({ plan: 'four' })
  const inFlight = async (): Promise<number> => (await on.gateway.keyObject(key).status(NO_LIMITS)).inFlight
  for (let round = 0; round < 8; round++) {
    const gate = Promise.withResolvers<void>()
    on.backend.requests.length = 0
    on.backend.behaviour = serveAfter(gate.promise)
    const asClient = { ...on.gateway, key }
    const sockets = await Promise.all(Array.from({ length: 4 }, () => rawConnection(on.gateway)))
    for (const socket of sockets)
      socket.write(rawDecode(asClient, `/auraflow?${pictureQuery()}`, uniqueLatent()))
    await on.backendHas(4)
    expect(await inFlight()).toBe(4)
    const [fifth, sixth] = await Promise.all([ask(key), ask(key)])
    for (const refused of [fifth, sixth]) {
      expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too-many-at-once' })
    }
    // Some leave in the middle, a different number each time; the others are served.
    const leavers = round % 5
    for (const socket of sockets.slice(0, leavers)) socket.resetAndDestroy()
    await soon(async () => expect(await inFlight()).toBe(4 - leavers))
    const more = Array.from({ length: leavers }, () => ask(key))
    await soon(async () => expect(await inFlight()).toBe(4))
    gate.resolve()
    for (const response of await Promise.all(more)) {
      expect(response.status).toBe(200)
      await response.arrayBuffer()
    }
    await soon(async () => expect(await inFlight()).toBe(0))
    for (const socket of sockets) socket.destroy()
  }
})

test('C31: a key that is revoked is refused from the next request on, as a key that never was', async () => {
  const key = await mintKey()
  expect((await ask(key)).status).toBe(200)
  await on.gateway.keyObject(key).configure(recordOf(key, { revokedAt: Date.now() }))
  const keys = [key, 'vg_nonsense', key.slice(0, -1), await mintKey({ expiryDay: 1 })]
  const answers = await Promise.all(
    keys.map(async (key) => {
      const response = await ask(key)
      const id = response.headers.get('x-request-id') ?? ''
      const head = [...response.headers].filter(([name]) => name !== 'date')
      return JSON.stringify([response.status, head, await response.text()]).replaceAll(id, 'ID')
    }),
  )
  expect(answers[0]).toMatch(/^\[401,/)
  expect(new Set(answers).size).toBe(1)
})

test('a key that was rotated works until its grace ends', async () => {
  const key = await mintKey()
  const graceMs = 60_000
  await on.gateway.keyObject(key).configure(recordOf(key, { revokedAt: Date.now() + graceMs }))
  expect((await ask(key)).status).toBe(200)
  await on.gateway.keyObject(key).configure(recordOf(key, { revokedAt: Date.now() - 1 }))
  expect((await ask(key)).status).toBe(401)
})

test('C32: a key may be narrower than its plan, and looser', async () => {
  const key = await mintKey({ plan: 'three' })
  await on.gateway.keyObject(key).configure(recordOf(key, { models: ['sdxl'] }))
  expect(await problemOf(await ask(key))).toMatchObject({ status: 403, code: 'forbidden' })
  const other = await mintKey({ plan: 'three' })
  await on.gateway.keyObject(other).configure(recordOf(other, { overrides: { requestsPerMinute: 4 } }))
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push((await ask(other)).status)
  expect(statuses).toEqual([200, 200, 200, 200, 429])
})

test('P16: a key that is revoked while it waits is refused at its turn; what runs is finished', async () => {
  const gate = Promise.withResolvers<void>()
  on.backend.behaviour = serveAfter(gate.promise)
  const key = await mintKey()
  const running = Array.from({ length: 16 }, () => ask(on.gateway.key))
  await soon(async () =>
    expect((await on.gateway.poolStatus('gpu')).backends[0]?.leases).toBeGreaterThanOrEqual(8),
  )
  const askedAt = performance.now()
  const waiting = ask(key)
  await soon(async () => expect((await on.gateway.keyObject(key).status(NO_LIMITS)).inFlight).toBe(1))
  await on.gateway.keyObject(key).configure(recordOf(key, { revokedAt: Date.now() }))
  // So long that the gateway asks again.
  await soon(() => expect(performance.now() - askedAt).toBeGreaterThan(300))
  gate.resolve()
  expect(await problemOf(await waiting)).toMatchObject({ status: 401, code: 'unauthorized' })
  for (const response of await Promise.all(running)) expect(response.status).toBe(200)
  expect(on.backend.requests).toHaveLength(16)
})

test('T19: a client cannot say where it comes from by writing what the platform writes', async () => {
  const headers = { 'cf-connecting-ip': '203.0.113.7', 'mf-cf-blob': '{"colo":"FRA"}' }
  const bad = await Promise.all(
    Array.from({ length: 40 }, () =>
      decode(on.gateway, `/auraflow?${pictureQuery()}`, uniqueLatent(), as('vg_nonsense', headers)),
    ),
  )
  // Nobody is counted by an address that anybody could have written.
  expect(new Set(bad.map(({ status }) => status))).toEqual(new Set([401]))
})
