/** The pool's object starts anew, in a new release, or without its database. Inside the real runtime. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect, test } from 'vitest'
import type { SlotRequest } from '../../src/pool/client.ts'
import { emptyPool } from '../../src/pool/initial.ts'
import { PoolMemory } from '../../src/pool/memory.ts'
import type { AcquireRequest } from '../../src/pool/protocol.ts'
import { type ServiceTimes, UNKNOWN_TIMES } from '../../src/pool/service-times.ts'
import type { PoolMember } from '../../src/pool/state.ts'
import { createServices, type Env } from '../../src/services.ts'
import type { Pool } from '../../src/worker.ts'

const pools = (env as unknown as { POOL: DurableObjectNamespace<Pool> }).POOL
const pool = () => pools.getByName('preview')

afterEach(() => abortAllDurableObjects())

const request = (ticket: string, key = 'key'): SlotRequest => ({
  ticket,
  key,
  model: 'sd-v1',
  predictedMs: 100,
  remainingMs: 20_000,
  exclude: [],
  failures: [],
  purpose: 'first',
})

async function clientWith(environment: object) {
  const services = await createServices({
    env: environment as Env,
    requestId: 'test',
    preview: undefined as unknown as Fetcher,
    continent: undefined,
    defer: (task) => void task.catch(() => undefined),
  })
  if (!services.ok) throw new Error('misconfigured')
  return services.value.dispatch.pool
}

const never = new AbortController().signal

test('P2: of 60 requests, most of them queued, none is lost when the object is killed', async () => {
  const client = await clientWith(env)
  const gate = Promise.withResolvers<void>()
  let running = 0
  let most = 0
  const jobs = Array.from({ length: 60 }, async (_, index) => {
    const slot = await client.acquire(request(`ticket-${index}`, `key-${index % 4}`), never)
    if (!slot.ok) return slot.reason
    most = Math.max(most, ++running)
    await gate.promise
    running--
    slot.lease.free({ decoded: true })
    slot.lease[Symbol.dispose]()
    return 'served'
  })
  await expect.poll(async () => (await pool().status()).queued).toBeGreaterThanOrEqual(50)
  const [backend] = (await pool().status()).backends
  const slots = backend?.slots ?? 0
  expect(running).toBeGreaterThan(0)
  await abortAllDurableObjects()
  // Its next life knows of none of those that run.
  await expect.poll(async () => (await pool().status()).queued).toBeGreaterThanOrEqual(40)
  gate.resolve()
  expect(new Set(await Promise.all(jobs))).toEqual(new Set(['served']))
  expect(most).toBeLessThanOrEqual(3 * slots)
  await expect.poll(async () => (await pool().status()).backends[0]?.leases).toBe(0)
})

test('P4: a Worker of the release before gets a slot, and gives it back in its way', async () => {
  const { ticket, model, predictedMs, remainingMs, exclude } = request('old')
  const old = { v: 1, ticket, model, predictedMs, remainingMs, exclude } as unknown as AcquireRequest
  const answer = await pool().acquire(old)
  if (!answer.ok) throw new Error(answer.reason)
  expect(answer.backendId).toBe('preview')
  await (answer.lease as unknown as { free(): Promise<void> }).free()
  await expect.poll(async () => (await pool().status()).backends[0]?.leases).toBe(0)
  answer[Symbol.dispose]()
})

test('P4: an object of the release before is understood by this Worker', async () => {
  let freed = 0
  const lease = {
    free: async () => {
      freed++
    },
    report: async () => undefined,
  }
  /** It knows nothing of pings, adoption, renewal and forecasts. */
  class OldPools {
    getByName() {
      const unknown = async (): Promise<never> => {
        throw new TypeError('The RPC receiver does not implement the method.')
      }
      const acquire = async () => ({ ok: true, backendId: 'preview', lease })
      return { acquire, cancel: async () => undefined, ping: unknown, adopt: unknown }
    }
  }
  const client = await clientWith({ ...env, POOL: new OldPools() })
  const slot = await client.acquire(request('new'), never)
  if (!slot.ok) throw new Error(slot.reason)
  expect(slot.lease).toMatchObject({ backendId: 'preview', startsInMs: 0, expectedMs: 100, isLearnt: false })
  slot.lease.free({ decoded: true })
  slot.lease[Symbol.dispose]()
  await expect.poll(() => freed).toBe(1)
})

const member = (id: string): PoolMember => ({
  id,
  models: ['sd-v1'],
  slots: 4,
  abortable: true,
  scaleToZero: false,
  coldStartWaitMs: 600_000,
})

/** Of a backend that takes a quarter of what was predicted. */
const TIMES: ServiceTimes = {
  ...UNKNOWN_TIMES,
  curves: [
    {
      task: 'sd-v1',
      points: [{ sizeMs: 100, meanMs: 25, deviationMs: 1, leastMs: 24, samples: 40 }],
    },
  ],
}

test('P1: what was learnt of a backend is known after the object was evicted', async () => {
  const learnt = emptyPool([member('preview')], {
    seed: 1,
    now: 0,
    memories: new Map([['preview', { times: TIMES }]]),
  })
  await runInDurableObject(pool(), (_, { storage }) => new PoolMemory(storage.sql).write(learnt.backends))
  await evictDurableObject(pool())
  expect((await pool().status()).backends[0]).toMatchObject({ speed: 0.25, samples: 40, leases: 0 })
})

test('P4: what the operator ordered under the release before still holds', async () => {
  await runInDurableObject(pool(), (_, { storage }) => {
    storage.sql.exec('DROP TABLE learnt')
    storage.sql.exec('DROP TABLE orders')
    storage.sql.exec(`CREATE TABLE backends (
      id TEXT PRIMARY KEY, speed REAL, spread REAL, samples INTEGER, gap_ms REAL, cold_start_ms REAL, health TEXT
    ) WITHOUT ROWID`)
    storage.sql.exec("INSERT INTO backends VALUES ('preview', 0.5, 0.1, 40, 70, 0, 'drained')")
  })
  await evictDurableObject(pool())
  expect((await pool().status()).backends[0]).toMatchObject({ health: 'drained', speed: 1, samples: 0 })
  await pool().operate('preview', 'enable')
  await evictDurableObject(pool())
  expect((await pool().status()).backends[0]?.health).toBe('usable')
})

test('P7: an object whose table cannot be read begins without it', async () => {
  await runInDurableObject(pool(), (_, { storage }) => {
    storage.sql.exec('DROP TABLE learnt')
    storage.sql.exec('CREATE TABLE learnt (nonsense BLOB)')
    storage.sql.exec('INSERT INTO learnt VALUES (?)', 'nonsense')
  })
  await evictDurableObject(pool())
  const answer = await pool().acquire({ v: 2, ...request('after') })
  expect(answer).toMatchObject({ ok: true, backendId: 'preview' })
  const status = await pool().status()
  expect(status.backends[0]).toMatchObject({ speed: 1, samples: 0 })
  if (answer.ok) answer[Symbol.dispose]()
})

test('P7: what cannot be written is kept in memory and tried again', () => {
  let isBroken = true
  const written: unknown[][] = []
  const sql = {
    exec(query: string, ...values: unknown[]) {
      if (!query.startsWith('INSERT')) return []
      if (isBroken) throw new Error('storage operation timed out')
      written.push(values)
      return []
    },
  } as unknown as SqlStorage
  const memory = new PoolMemory(sql)
  const memories = new Map([['a', { times: TIMES }]])
  const { backends } = emptyPool([member('a')], { seed: 1, now: 0, memories })
  expect(() => memory.write(backends)).toThrow('timed out')
  isBroken = false
  memory.write(backends)
  expect(written).toHaveLength(1)
})
