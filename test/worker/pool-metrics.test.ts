/** What a pool's object counts, inside the real runtime: over RPC, and over its own death. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import type { AcquireRequest, PoolMetrics } from '../../src/pool/protocol.ts'
import { BusiestKeys } from '../../src/telemetry/busiest-keys.ts'
import { Counts } from '../../src/telemetry/counts.ts'
import type { Pool } from '../../src/worker.ts'

const pools = (env as unknown as { POOL: DurableObjectNamespace<Pool> }).POOL
const pool = (): DurableObjectStub<Pool> => pools.getByName('preview')
const metrics = async (): Promise<PoolMetrics> => pool().metrics() as unknown as Promise<PoolMetrics>

afterEach(() => abortAllDurableObjects())

const request: AcquireRequest = {
  v: 2,
  ticket: 'ticket',
  key: 'a-key-that-waits',
  model: 'sd-v1',
  predictedMs: 100,
  remainingMs: 10_000,
  exclude: [],
  failures: [],
  purpose: 'first',
}

function recorded() {
  const [counts, keys] = [new Counts(), new BusiestKeys()]
  counts.add('vae_gateway_requests_total', ['sd-v1', 'served'], 2)
  counts.observe('vae_gateway_upload_duration_seconds', [], 0.2)
  keys.add('00112233445566aa', 'served', 1, 0)
  return { counts: counts.take(), keys: keys.take() }
}

test('what Workers tell is added up, beside what the pool itself has seen', async () => {
  await pool().count(recorded())
  await pool().count(recorded())
  const answer = await pool().acquire(request)
  answer[Symbol.dispose]()
  const { counts, keys } = await metrics()
  expect(counts.get('vae_gateway_requests_total')).toEqual(new Map([['sd-v1\nserved', 4]]))
  expect((counts.get('vae_gateway_upload_duration_seconds')?.get('') as number[] | undefined)?.at(-1)).toBe(
    0.4,
  )
  expect(counts.get('vae_gateway_grants_total')).toEqual(new Map([['first', 1]]))
  expect(keys.keys.get('00112233445566aa')?.requests[0]).toBe(2)
})

test('a life of the object begins from nothing, and says when', async () => {
  await pool().count(recorded())
  const before = await metrics()
  await abortAllDurableObjects()
  const after = await metrics()
  expect(before.counts.size).toBeGreaterThan(0)
  expect(after.counts.size).toBe(0)
  expect(after.startedAt).toBeGreaterThanOrEqual(before.startedAt)
})

test('nothing that is counted is written down', async () => {
  await pool().count(recorded())
  await pool().operate('preview', 'drain')
  await runInDurableObject(pool(), (_, { storage }) => {
    const tables = [...storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'")].map(
      ({ name }) => name,
    )
    expect(tables.filter((name) => !String(name).startsWith('_cf_'))).toEqual(['learnt', 'orders'])
    expect(JSON.stringify([...storage.sql.exec('SELECT * FROM learnt')])).not.toContain('00112233445566aa')
  })
  await pool().operate('preview', 'enable')
})
