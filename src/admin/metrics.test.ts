import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import type { Backend } from '../backends/backend.ts'
import { Membership, type PoolRef } from '../pool/membership.ts'
import type { PoolMetrics } from '../pool/protocol.ts'
import { BusiestKeys } from '../telemetry/busiest-keys.ts'
import { reading } from '../telemetry/exposition.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import { MetricsDesk, type PoolMeters } from './metrics.ts'

const backend = (id: string, model: string): Backend => ({
  id,
  kind: 'vae-backend',
  url: 'https://decoder.example.com/',
  token: undefined,
  models: [model],
  slots: 1,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
})

const BACKENDS = [backend('one', 'sdxl'), backend('two', 'flux'), backend('beside-two', 'flux')]

const metrics: PoolMetrics = {
  startedAt: 1_000,
  gauges: [reading('vae_gateway_queue_jobs', [], 2)],
  counts: new Map([['vae_gateway_grants_total', new Map([['first', 7]])]]),
  keys: new BusiestKeys().use,
}

const recorded: Recorded = { counts: new Map(), keys: new BusiestKeys().use }

function desk(
  controlOf: (pool: PoolRef) => Partial<PoolMeters>,
  heard: Readonly<Record<string, number>> = {},
) {
  const ambient = new FakeAmbient()
  const reports = new Map(Object.entries(heard).map(([name, at]) => [name, { at, waitMs: 0, rttMs: 1 }]))
  const parts = {
    membership: new Membership(BACKENDS),
    controlOf: (pool: PoolRef) => controlOf(pool) as PoolMeters,
    view: { reports },
    ambient,
  }
  return { desk: new MetricsDesk(parts), ambient }
}

describe('a scrape', () => {
  test.each([
    ['is silent', (): Promise<PoolMetrics> => new Promise(() => undefined)],
    ['breaks off', (): Promise<PoolMetrics> => Promise.reject(new Error('reset'))],
    [
      'is of a release that has no metrics',
      (): Promise<PoolMetrics> => Promise.reject(new TypeError('no such method')),
    ],
  ])('goes on without a pool that %s, and says so of it and its backends', async (_, answer) => {
    const { desk: one, ambient } = desk(({ name }) => ({
      metrics: name === 'two' ? answer : () => Promise.resolve(metrics),
    }))
    const read = one.read()
    await ambient.pass(1_100)
    const samples = (await read).flatMap((family) => family.samples)
    const of = (name: string, pool: string) =>
      samples.filter((one) => one.name === name && one.labels.pool === pool)
    expect(of('vae_gateway_pool_up', 'one')[0]?.value).toBe(1)
    expect(of('vae_gateway_pool_up', 'two')[0]?.value).toBe(0)
    expect(of('vae_gateway_grants_total', 'one')[0]?.value).toBe(7)
    expect(of('vae_gateway_grants_total', 'two')).toEqual([])
    expect(
      of('vae_gateway_backend_state', 'two').map(({ labels }) => `${labels.backend} ${labels.state}`),
    ).toEqual(['two unknown', 'beside-two unknown'])
  })
})

describe('what an isolate has counted', () => {
  test.each([
    [{}, 'one'],
    [{ one: 5, two: 6 }, 'two'],
    [{ one: 7, two: 6 }, 'one'],
  ])('goes to the pool that it heard of last: %j', async (heard, told) => {
    const asked: string[] = []
    const { desk: one } = desk(
      ({ name }) => ({
        count: async () => {
          asked.push(name)
        },
      }),
      heard,
    )
    await one.count(recorded)
    expect(asked).toEqual([told])
  })
})
