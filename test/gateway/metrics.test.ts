/** `/metrics`: what went through the gateway, as Prometheus reads it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { metricsSchema } from '../../src/admin/contract.ts'
import { isMetricName, metricOf } from '../../src/telemetry/metrics.ts'
import { answer, hang, resetAfter, serve, serveAfter } from '../support/behaviours.ts'
import { CANARY_TEXT, canaryIn } from '../support/canaries.ts'
import { decode, pictureQuery, problemOf, rawConnection, rawDecode, uniqueLatent } from '../support/client.ts'
import { identityOf, readExposition, type Scraped } from '../support/exposition.ts'
import { type FakeBackend, REFUSING_URL, startFakeBackend } from '../support/fake-backend.ts'
import { keyIdOf, mintKey, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, metricsText, operate, ordered } from '../support/operator.ts'
import { soon } from '../support/stage.ts'

const PIXELS = 64 * 64
const LATENT_BYTES = 4 * 8 * 8 * 2

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'gpu', url: backend.url, models: ['sd-v1'] },
      { id: 'gone', url: REFUSING_URL, models: ['sdxl'] },
      { id: 'preview', kind: 'preview', models: ['flux'] },
    ],
    PLANS: { default: {}, two: { requestsPerMinute: 2 } },
    ADMIN_TOKEN,
  })
})
beforeEach(() => {
  backend.behaviour = serve
})
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

const scrape = async (): Promise<Scraped> => readExposition(await metricsText(gateway))

/** How much a metric's series with these labels have grown since. */
const growth =
  (before: Scraped, after: Scraped) =>
  (name: string, labels: Record<string, string> = {}): number =>
    after.total(name, labels) - before.total(name, labels)

async function send(
  path = `/sd-v1?${pictureQuery()}`,
  body: BodyInit = uniqueLatent(),
  init: RequestInit = {},
) {
  const response = await decode(gateway, path, body, init)
  const outcome = response.ok ? 'served' : (await problemOf(response.clone())).code
  await response.arrayBuffer().catch(() => undefined)
  return outcome
}

describe('a scrape', () => {
  test('is text that Prometheus takes, of metrics of the table with its labels', async () => {
    await send()
    const response = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { series, types } = readExposition(await response.text())
    expect(types.size).toBeGreaterThan(20)
    for (const [name, type] of types) {
      if (!isMetricName(name)) throw new Error(`${name} is not in the table`)
      expect(metricOf(name).type).toBe(type)
    }
    for (const { name, labels } of series) {
      const base = isMetricName(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
      if (!isMetricName(base)) throw new Error(`${base} is not in the table`)
      const own = Object.keys(labels).filter((label) => label !== 'pool' && label !== 'le')
      expect(own, name).toEqual(metricOf(base).labels)
      expect('pool' in labels, name).toBe(name !== 'vae_gateway_build_info')
    }
  })

  test('says the same in JSON', async () => {
    const { metrics } = metricsSchema.parse(await ordered(operate(gateway, '/metrics')))
    const { types } = await scrape()
    expect(metrics.map(({ name, type }) => [name, type])).toEqual([...types])
  })

  test('is for the operator alone', async () => {
    for (const headers of [{}, { authorization: `Bearer ${gateway.key}` }]) {
      const response = await fetch(`${gateway.url}/metrics`, { headers })
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' })
    }
    const page = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, origin: 'https://evil.example.com' },
    })
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
    const posted = await fetch(`${gateway.url}/metrics`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    expect(await problemOf(posted)).toMatchObject({ code: 'method-not-allowed' })
  })

  test('is nowhere without an admin token', async () => {
    const bare = await startTestGateway({ BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'] }] })
    try {
      expect(await problemOf(await fetch(`${bare.url}/metrics`))).toMatchObject({
        status: 404,
        code: 'not-found',
      })
    } finally {
      await bare.stop()
    }
  })
})

describe('after traffic of many outcomes', () => {
  test('every request is counted once, by model and what it was told', async () => {
    const before = await scrape()
    const told: (readonly [model: string, outcome: string])[] = []
    const note = async (model: string, outcome: Promise<string>) => told.push([model, await outcome])
    for (let i = 0; i < 5; i++) await note('sd-v1', send())
    await note('sd-v1', send(`/sd-v1?${pictureQuery()}`, new Uint8Array(10)))
    await note('sd-v1', send(`/sd-v1?${pictureQuery()}`, new Uint8Array(LATENT_BYTES).fill(255)))
    await note('none', send('/sd-v1?shape=1', uniqueLatent()))
    await note('none', send('/unheard-of', uniqueLatent()))
    const forged = { headers: { authorization: 'Bearer vg_forged' } }
    await note('none', send(`/sd-v1?${pictureQuery()}`, uniqueLatent(), forged))
    await note('sdxl', send(`/sdxl?${pictureQuery()}`))
    backend.behaviour = answer('400 Bad Request', CANARY_TEXT)
    await note('sd-v1', send())
    backend.behaviour = serve
    const two = { headers: { authorization: `Bearer ${await mintKey({ plan: 'two' })}` } }
    for (let i = 0; i < 4; i++) await note('sd-v1', send(`/sd-v1?${pictureQuery()}`, uniqueLatent(), two))
    const outcomes = new Set(told.map(([, outcome]) => outcome))
    expect(outcomes.size).toBeGreaterThan(7)

    await soon(async () => {
      const grown = growth(before, await scrape())
      expect(grown('vae_gateway_requests_total')).toBe(told.length)
      for (const [model, outcome] of told) {
        const times = told.filter(([m, o]) => m === model && o === outcome).length
        expect(grown('vae_gateway_requests_total', { model, outcome }), `${model} ${outcome}`).toBe(times)
      }
      const served = told.filter(([, outcome]) => outcome === 'served').length
      expect(grown('vae_gateway_request_duration_seconds_count', { model: 'sd-v1' })).toBe(served)
      expect(grown('vae_gateway_megapixels_total', { model: 'sd-v1' })).toBeCloseTo(
        (served * PIXELS) / 1e6,
        9,
      )
      expect(grown('vae_gateway_sent_bytes_total', { model: 'sd-v1' })).toBe(served * PIXELS * 3)
      expect(grown('vae_gateway_attempts_total', { backend: 'gpu', outcome: 'served' })).toBe(served)
      expect(
        grown('vae_gateway_attempts_total', { backend: 'gone', outcome: 'unreachable' }),
      ).toBeGreaterThan(0)
      expect(grown('vae_gateway_decode_ratio_count', { backend: 'gpu' })).toBe(served)
      expect(grown('vae_gateway_limit_refusals_total', { reason: 'requests' })).toBe(2)
      expect(grown('vae_gateway_bad_credentials_total', { door: 'key' })).toBe(1)
      const asked = grown('vae_gateway_grants_total') + grown('vae_gateway_refusals_total')
      expect(grown('vae_gateway_queue_wait_seconds_count')).toBe(asked)
    })
  })

  test('keys are told apart by id, in what they got and what they were refused', async () => {
    const key = await mintKey({ plan: 'two' })
    const init = { headers: { authorization: `Bearer ${key}` } }
    for (let i = 0; i < 5; i++) await send(`/sd-v1?${pictureQuery()}`, uniqueLatent(), init)
    await soon(async () => {
      const now = await scrape()
      const of = (outcome: string) =>
        now.total('vae_gateway_key_requests_total', { key: keyIdOf(key), outcome })
      expect([of('served'), of('refused'), of('failed')]).toEqual([2, 3, 0])
    })
    expect(await metricsText(gateway)).not.toContain(key)
  })

  test('of however many keys the busiest are named, and no request of the others is lost', async () => {
    const before = await scrape()
    const keys = await Promise.all(Array.from({ length: 120 }, () => mintKey()))
    for (const key of keys) {
      await send(`/sd-v1?${pictureQuery()}`, uniqueLatent(), { headers: { authorization: `Bearer ${key}` } })
    }
    await soon(async () => {
      const now = await scrape()
      const named = now.series.filter(({ name }) => name === 'vae_gateway_key_megapixels_total')
      // 50 per pool, and the others together.
      expect(new Set(named.map(({ labels }) => labels.key)).size).toBeLessThanOrEqual(3 * 50 + 1)
      expect(named.filter(({ labels }) => labels.pool === 'gpu').length).toBe(51)
      expect(growth(before, now)('vae_gateway_key_requests_total')).toBe(keys.length)
      expect(now.total('vae_gateway_series_dropped_total')).toBe(0)
    })
  })

  test('an answer that breaks off, and a client that leaves, are told from one that was served', async () => {
    const before = await scrape()
    const side = 160
    backend.behaviour = resetAfter(3_000_000)
    await decode(gateway, `/sd-v1?${pictureQuery(side)}`, uniqueLatent(side))
      .then((response) => response.arrayBuffer())
      .catch(() => undefined)
    const arrived = Promise.withResolvers<void>()
    backend.behaviour = (socket, request) => {
      arrived.resolve()
      hang(socket, request)
    }
    const socket = await rawConnection(gateway)
    socket.write(rawDecode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent()))
    await arrived.promise
    socket.resetAndDestroy()
    await soon(async () => {
      const grown = growth(before, await scrape())
      expect(grown('vae_gateway_requests_total', { outcome: 'broke-off' })).toBe(1)
      expect(grown('vae_gateway_attempts_total', { outcome: 'broke-off' })).toBe(1)
      expect(grown('vae_gateway_requests_total', { outcome: 'client-closed-request' })).toBe(1)
      expect(grown('vae_gateway_attempts_total', { outcome: 'called-off' })).toBe(1)
      expect(grown('vae_gateway_requests_total')).toBe(2)
    })
  })

  test('counters never fall, and what has passed can be told from what is', async () => {
    const gate = Promise.withResolvers<void>()
    backend.behaviour = serveAfter(gate.promise)
    const before = await scrape()
    // More than are sent ahead to a backend.
    const running = Array.from({ length: 8 }, () => send())
    await soon(async () => {
      const now = await scrape()
      expect(now.total('vae_gateway_backend_leases', { backend: 'gpu' })).toBeGreaterThan(0)
      expect(now.total('vae_gateway_queue_jobs')).toBeGreaterThan(0)
      expect(now.total('vae_gateway_queue_keys')).toBe(1)
    })
    gate.resolve()
    await Promise.all(running)
    const after = await scrape()
    const values = new Map(after.series.map(({ name, labels, value }) => [identityOf(name, labels), value]))
    for (const { name, labels, value } of before.series) {
      const type = after.types.get(name.replace(/_(bucket|sum|count)$/, '')) ?? after.types.get(name)
      if (type === 'gauge') continue
      expect(values.get(identityOf(name, labels)), name).toBeGreaterThanOrEqual(value)
    }
  })

  test('nothing that it says is of a request', async () => {
    await send(`/sd-v1?${pictureQuery()}&prompt=${CANARY_TEXT}`)
    const text = await metricsText(gateway)
    expect(canaryIn(text)).toBeUndefined()
    for (const secret of [CANARY_TEXT, gateway.key, ADMIN_TOKEN, backend.url])
      expect(text).not.toContain(secret)
  })
})
