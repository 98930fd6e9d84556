/** What operators see of the pools and the configuration, and what their orders do. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OrderedBackend, PoolReport } from '../../src/admin/contract.ts'
import { orderedBackendSchema, poolsSchema } from '../../src/admin/contract.ts'
import { answer, reset, serve, serveAfter } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, isWell, startFakeBackend } from '../support/fake-backend.ts'
import { slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'
import { soon } from '../support/stage.ts'

const BACKEND_TOKEN = 'hf_canary_of_a_token'

let one: FakeBackend
let two: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  one = await startFakeBackend(serve)
  two = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'one', url: one.url, models: ['sd-v1'], tokenSecret: 'HF_TOKEN' },
      { id: 'two', url: two.url, models: ['sd-v1', 'sdxl'] },
      { id: 'preview', kind: 'preview', models: ['flux'] },
    ],
    PLANS: { pro: { requestsPerMinute: 600 } },
    HF_TOKEN: BACKEND_TOKEN,
    ADMIN_TOKEN,
  })
})
beforeEach(async () => {
  for (const backend of [one, two]) {
    backend.behaviour = serve
    backend.health = isWell
    backend.requests.length = 0
  }
  for (const id of ['one', 'two']) {
    await order(id, 'enable')
    await order(id, 'probe')
  }
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([one.stop(), two.stop()])
})

const order = async (id: string, what: string): Promise<OrderedBackend> =>
  orderedBackendSchema.parse(
    await ordered(operate(gateway, `/backends/${id}/${what}`, undefined, { method: 'POST' })),
  )

async function pools(): Promise<PoolReport[]> {
  return poolsSchema.parse(await ordered(operate(gateway, '/pools'))).pools
}

async function stateOf(id: string) {
  const found = (await pools()).flatMap(({ backends }) => backends).find((backend) => backend.id === id)
  if (!found) throw new Error(`no ${id}`)
  return found
}

/** Where a decode went, or why it was not done. */
async function sent(): Promise<string | null> {
  const response = await decode(gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent())
  await response.arrayBuffer()
  return response.headers.get('x-vae-backend')
}

describe('the pools', () => {
  test('are reported with their backends, queue and wait', async () => {
    const [shared, previewed, ...others] = await pools()
    expect(others).toEqual([])
    expect(shared).toMatchObject({
      name: 'one',
      shard: null,
      models: ['sd-v1', 'sdxl'],
      isReachable: true,
      queued: 0,
      waitMs: 0,
    })
    expect(shared?.backends.map(({ id, kind, models }) => ({ id, kind, models }))).toEqual([
      { id: 'one', kind: 'vae-backend', models: ['sd-v1'] },
      { id: 'two', kind: 'vae-backend', models: ['sd-v1', 'sdxl'] },
    ])
    expect(previewed).toMatchObject({
      name: 'preview',
      backends: [{ state: 'usable', reason: '', until: null }],
    })
  })

  test('show what runs and what waits', async () => {
    await order('two', 'drain')
    const gate = Promise.withResolvers<void>()
    one.behaviour = serveAfter(gate.promise)
    const running = Array.from({ length: 4 }, sent)
    await soon(async () => {
      const [shared] = await pools()
      expect(shared?.backends[0]?.leases).toBeGreaterThan(0)
      expect(shared?.queued).toBeGreaterThan(0)
      expect(shared?.waitMs).toBeGreaterThan(0)
    })
    gate.resolve()
    expect(await Promise.all(running)).toEqual(['one', 'one', 'one', 'one'])
    await slotsAreFree(gateway, 'one')
  })

  test('say why a backend is out, until when, and nothing that it said', async () => {
    const quoted = 'a-canary-of-an-error-text'
    one.behaviour = answer('401 Unauthorized', quoted)
    await order('two', 'drain')
    await soon(async () => {
      await sent()
      expect((await stateOf('one')).state).toBe('ejected')
    })
    const { reason, until } = await stateOf('one')
    expect(reason).toBe(
      'It was taken out for a while: it refuses the gateway or is gone; look at its url and its token.',
    )
    expect(Date.parse(until ?? '')).toBeGreaterThan(Date.now())
    expect(JSON.stringify(await pools())).not.toContain(quoted)
  })
})

describe('an operator', () => {
  test('drains a backend, which gets nothing until he enables it', async () => {
    expect(await order('one', 'drain')).toMatchObject({ id: 'one', state: 'drained', found: null })
    expect(new Set([await sent(), await sent(), await sent()])).toEqual(new Set(['two']))
    await order('two', 'disable')
    expect(await sent()).toBeNull()
    expect(await order('one', 'enable')).toMatchObject({ state: 'half-open' })
    expect(await sent()).toBe('one')
    expect((await stateOf('two')).reason).toBe('The operator has disabled it.')
  })

  test('enables a backend that serves, which goes on serving', async () => {
    const before = (await stateOf('one')).state
    expect(['usable', 'slow-start']).toContain(before)
    expect((await order('one', 'enable')).state).toBe(before)
  })

  test('has a backend looked at and hears what was found', async () => {
    expect(await order('one', 'probe')).toMatchObject({ found: 'passed' })
    one.behaviour = reset
    one.health = reset
    expect(await order('one', 'probe')).toMatchObject({ found: 'failed' })
    await order('one', 'drain')
    expect(await order('one', 'probe')).toMatchObject({ found: 'failed', state: 'drained' })
  })

  test('brings a backend back that was out of reach, without anybody waiting for it', async () => {
    one.behaviour = reset
    one.health = reset
    await order('one', 'drain')
    await order('one', 'enable')
    expect(await order('one', 'probe')).toMatchObject({ found: 'failed', state: 'down' })
    one.behaviour = serve
    one.health = isWell
    expect(await order('one', 'probe')).toMatchObject({ found: 'passed', state: 'slow-start' })
  })

  test.each(['unheard-of', 'ONE', '..%2Fone'])('has no power over %s', async (id) => {
    const response = await operate(gateway, `/backends/${id}/drain`, undefined, { method: 'POST' })
    expect(await problemOf(response)).toMatchObject({ status: 404, code: 'unknown-backend' })
  })

  test('is told of an order that there is not, and of a body that says more', async () => {
    const unknown = await operate(gateway, '/backends/one/reboot', undefined, { method: 'POST' })
    expect(await problemOf(unknown)).toMatchObject({ status: 404, code: 'not-found' })
    expect(await problemOf(await operate(gateway, '/backends/one/drain', { until: 'x' }))).toMatchObject({
      status: 422,
      code: 'invalid-body',
    })
  })
})

describe('the configuration', () => {
  test('is what counts, with every default and no secret', async () => {
    const config = await ordered<Record<string, unknown>>(operate(gateway, '/config'))
    expect(config).toMatchObject({
      backends: [
        { id: 'one', url: one.url, token: '***', slots: 1, scaleToZero: false, abortable: true, shard: null },
        { id: 'two', token: null },
        { id: 'preview', url: null, models: ['flux'] },
      ],
      plans: { default: { models: ['*'] }, pro: { requestsPerMinute: 600 } },
      dispatch: { deadlineMs: 60_000 },
      keySecrets: { 'pepper 1': '***' },
      adminToken: '***',
    })
    const text = JSON.stringify(config)
    for (const secret of [BACKEND_TOKEN, ADMIN_TOKEN]) expect(text).not.toContain(secret)
  })
})
