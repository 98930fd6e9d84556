/**
 * A staged incident: one backend swallows connections, one is asleep, one key floods. Whoever reads nothing but
 * `/metrics` can name all three.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { answer, serve } from '../support/behaviours.ts'
import { type Blackhole, startBlackhole } from '../support/blackhole.ts'
import { decode, pictureQuery, uniqueLatent } from '../support/client.ts'
import { readExposition } from '../support/exposition.ts'
import { type Behaviour, type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { keyIdOf, mintKey, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, metricsText } from '../support/operator.ts'

/** The pool avoids a backend that has failed, and gives a decode of its own twenty seconds to show the same. */
const PATIENCE = { timeout: 90_000, interval: 20 }

/** Takes as long as a decode may, so that there is work for everybody. */
const decodes: Behaviour = (socket, request) => {
  setTimeout(() => serve(socket, request), 150)
}

let one: FakeBackend
let two: FakeBackend
let asleep: FakeBackend
let hole: Blackhole
let gateway: TestGateway

beforeAll(async () => {
  one = await startFakeBackend(decodes)
  two = await startFakeBackend(decodes)
  asleep = await startFakeBackend(answer('503 Starting', ''))
  asleep.health = answer('503 Starting', '')
  hole = await startBlackhole()
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'gpu-1', url: one.url, models: ['sd-v1'] },
      { id: 'gpu-2', url: two.url, models: ['sd-v1'] },
      { id: 'gpu-3', url: hole.url, models: ['sd-v1'] },
      { id: 'gpu-4', url: asleep.url, models: ['sd-v1'], scaleToZero: true },
    ],
    DISPATCH: { attemptTimeoutMs: 200 },
    PLANS: { default: {}, small: { requestsPerMinute: 5 } },
    ADMIN_TOKEN,
  })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([one.stop(), two.stop(), asleep.stop(), hole.stop()])
})

async function send(key = gateway.key): Promise<number> {
  const headers = { authorization: `Bearer ${key}` }
  const response = await decode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent(), { headers })
  await response.arrayBuffer()
  return response.status
}

test('the metrics of an incident name the backend that hangs, the one that sleeps and the key that floods', async () => {
  const flooding = await mintKey({ plan: 'small' })
  const calm = await Promise.all(Array.from({ length: 12 }, () => send()))
  expect(new Set(calm)).toEqual(new Set([200]))
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 10 }, () => send(flooding)))

  const text = await vi.waitFor(async () => {
    // Somebody goes on asking, as in life, until each of the backends has shown what is wrong with it.
    await Promise.all(Array.from({ length: 24 }, () => send()))
    const seen = await metricsText(gateway)
    expect(seen).toContain('vae_gateway_backend_state{pool="gpu-1",backend="gpu-3",state="ejected"} 1')
    expect(seen).toContain('vae_gateway_backend_state{pool="gpu-1",backend="gpu-4",state="cold"} 1')
    return seen
  }, PATIENCE)
  const scraped = readExposition(text)
  const of = (name: string, labels: Record<string, string>): number =>
    scraped.total(`vae_gateway_${name}`, labels)

  // The one that swallows connections: out, because of timeouts; others were served in its place, and it served nothing.
  expect(text).toContain('vae_gateway_backend_cause{pool="gpu-1",backend="gpu-3",cause="timeouts"} 1')
  expect(of('attempts_total', { backend: 'gpu-3', outcome: 'called-off' })).toBeGreaterThanOrEqual(2)
  expect(of('attempts_total', { backend: 'gpu-3', outcome: 'served' })).toBe(0)

  // The one that sleeps: asleep and not broken.
  expect(text).toContain('vae_gateway_backend_cause{pool="gpu-1",backend="gpu-4",cause="asleep"} 1')
  expect(of('backend_state_changes_total', { backend: 'gpu-4', state: 'cold' })).toBeGreaterThan(0)
  expect(of('attempts_total', { backend: 'gpu-4' })).toBe(of('attempts_total', { outcome: 'cold' }))

  // Those that are well say so, and pay for the others.
  for (const backend of ['gpu-1', 'gpu-2']) {
    expect(text).toMatch(
      new RegExp(
        `vae_gateway_backend_state\\{pool="gpu-1",backend="${backend}",state="(usable|slow-start)"\\} 1`,
      ),
    )
    expect(of('attempts_total', { backend, outcome: 'served' })).toBeGreaterThan(0)
  }

  // The key that floods is refused for its requests, and nobody else is.
  const id = keyIdOf(flooding)
  expect(of('key_requests_total', { key: id, outcome: 'refused' })).toBe(95)
  expect(of('key_requests_total', { outcome: 'refused' })).toBe(95)
  expect(of('limit_refusals_total', { reason: 'requests' })).toBe(95)
  expect(of('requests_total', { outcome: 'too-many-requests' })).toBe(95)
  expect(of('key_requests_total', { key: keyIdOf(gateway.key), outcome: 'failed' })).toBe(0)
})
