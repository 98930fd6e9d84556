/** A key's object in the real runtime: places across RPC, a database, and lives that end. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'
import type { AdmitRequest, KeyRecord, Limits } from '../../src/limits/protocol.ts'
import type { Key } from '../../src/worker.ts'

const keys = (env as unknown as { KEY: DurableObjectNamespace<Key> }).KEY

let serial = 0
/** An object that no other test has used. */
const newKey = (): DurableObjectStub<Key> => keys.getByName((++serial).toString(16).padStart(16, '0'))

/** The same object by another stub: one that has seen it die throws for ever. */
const again = (key: DurableObjectStub<Key>): DurableObjectStub<Key> => keys.get(key.id)

const NO_LIMITS: Limits = {
  requestsPerMinute: null,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}
const request = (limits: Partial<Limits> = {}, changes: Partial<AdmitRequest> = {}): AdmitRequest => ({
  v: 1,
  limits: { ...NO_LIMITS, ...limits },
  model: 'sd-v1',
  megapixels: 0.25,
  ...changes,
})
const record = (changes: Partial<KeyRecord> = {}): KeyRecord => ({
  id: '0123456789abcdef',
  name: 'a key of tests',
  plan: 'default',
  models: null,
  overrides: {},
  createdAt: 1_000,
  expiryDay: 0,
  revokedAt: null,
  rotatedTo: null,
  ...changes,
})

async function admitted(key: DurableObjectStub<Key>, asked = request()) {
  const answer = await key.admit(asked)
  if (!answer.ok) throw new Error(`refused: ${answer.why}`)
  return answer
}

/** Has the object write what it knows, for which it takes its time. */
async function written(key: DurableObjectStub<Key>, change: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    await change()
    await runInDurableObject(key, () => {
      vi.advanceTimersByTime(5_000)
    })
  } finally {
    vi.useRealTimers()
  }
}

describe('a key', () => {
  test('is asked once for everything, and holds a place until its holder lets go', async () => {
    const key = newKey()
    const held = await admitted(key, request({ concurrency: 1 }))
    expect(held.quotas).toEqual([
      { policy: 'concurrency', limit: 1, windowS: null, remaining: 0, resetMs: 0 },
    ])
    expect(await key.admit(request({ concurrency: 1 }))).toMatchObject({
      ok: false,
      why: 'limit',
      policies: ['concurrency'],
    })
    held[Symbol.dispose]()
    await expect.poll(async () => (await key.status(NO_LIMITS)).inFlight).toBe(0)
    using next = await admitted(key, request({ concurrency: 1 }))
    expect(next.ok).toBe(true)
  })

  test('is refused from the next request on when it is revoked, and after it was evicted', async () => {
    const key = newKey()
    await written(key, async () => (await admitted(key))[Symbol.dispose]())
    await key.configure(record({ revokedAt: 1_000, isRevoked: true }))
    expect(await key.admit(request())).toEqual({ ok: false, v: 1, why: 'revoked', isFinal: true })
    await evictDurableObject(key)
    expect(await key.admit(request())).toEqual({ ok: false, v: 1, why: 'revoked', isFinal: true })
    expect((await key.status(NO_LIMITS)).record).toEqual(record({ revokedAt: 1_000, isRevoked: true }))
  })

  test('counts what was used by day and model, less what is given back', async () => {
    const key = newKey()
    using _one = await admitted(key)
    using _two = await admitted(key)
    using failed = await admitted(key, request({}, { model: 'sdxl' }))
    await failed.handle.refund()
    const day = new Date().toISOString().slice(0, 10)
    expect(await key.usage(1)).toEqual([{ day, model: 'sd-v1', requests: 2, megapixels: 0.5 }])
  })
})

describe('a key that was evicted', () => {
  test('P1: has not forgotten what it granted in this minute and month', async () => {
    const key = newKey()
    const asked = request({ requestsPerMinute: 2, megapixelsPerMonth: 1 })
    await written(key, async () => {
      for (let i = 0; i < 2; i++) (await admitted(key, asked))[Symbol.dispose]()
    })
    await evictDurableObject(key)
    expect(await key.admit(asked)).toMatchObject({ ok: false, policies: ['requests'] })
    const { quotas } = await key.status(asked.limits)
    expect(quotas.find(({ policy }) => policy === 'month')?.remaining).toBe(0.5)
    expect(await key.usage(1)).toMatchObject([{ requests: 2, megapixels: 0.5 }])
  })
})

describe('a key that was killed', () => {
  test('P2: has forgotten nothing of its month, and may have lost a thousandth of it', async () => {
    const key = newKey()
    const asked = request({ megapixelsPerMonth: 1_000 })
    for (let i = 0; i < 5; i++) (await admitted(key, asked))[Symbol.dispose]()
    await abortAllDurableObjects()
    const [month] = (await again(key).status(asked.limits)).quotas
    expect(month?.remaining).toBeLessThanOrEqual(1_000 - 5 * 0.25)
    expect(month?.remaining).toBeGreaterThanOrEqual(1_000 - 5 * 0.25 - 1)
  })

  test('P16: is still revoked', async () => {
    const key = newKey()
    await key.configure(record({ revokedAt: 1_000 }))
    await abortAllDurableObjects()
    expect(await again(key).admit(request())).toMatchObject({ why: 'revoked' })
  })
})

describe('who has no key', () => {
  const DAY_MS = 86_400_000
  const tables = (key: DurableObjectStub<Key>): Promise<string[]> =>
    runInDurableObject(key, (_, { storage }) =>
      storage.sql
        .exec("SELECT name FROM sqlite_master WHERE name IN ('account', 'usage')")
        .toArray()
        .map(String),
    )

  test('is forgotten a month after the last request from that address, and not before', async () => {
    const address = keys.getByName('anonymous:0123')
    await written(address, async () => void (await admitted(address)))
    const alarmAt = await runInDurableObject(address, (_, { storage }) => storage.getAlarm())
    expect(Math.round(((alarmAt ?? 0) - Date.now()) / DAY_MS)).toBe(32)
    expect(await runDurableObjectAlarm(address)).toBe(true)
    expect(await tables(address)).toHaveLength(2)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 33 * DAY_MS })
    try {
      expect(await runDurableObjectAlarm(address)).toBe(true)
      expect(await tables(address)).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  test('is no key, which its operator may revoke after years', async () => {
    const key = newKey()
    await written(key, async () => void (await admitted(key)))
    expect(await runInDurableObject(key, (_, { storage }) => storage.getAlarm())).toBeNull()
  })
})

test('G18: what a key stores is what its operator said, days, ids of models, and numbers', async () => {
  const key = newKey()
  await key.configure(record())
  await written(key, async () => (await admitted(key, request({ requestsPerMinute: 5 })))[Symbol.dispose]())
  const stored = await runInDurableObject(key, async (_, { storage }) => ({
    columns: storage.sql
      .exec(
        "SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '_cf_%'",
      )
      .toArray()
      .map(({ name }) => name),
    account: storage.sql.exec('SELECT * FROM account').toArray(),
    usage: storage.sql.exec('SELECT * FROM usage').toArray(),
    keys: [...(await storage.list()).keys()],
  }))
  expect(stored.columns.map((name) => String(name).split('.')[0])).toEqual([
    ...Array(9).fill('record'),
    'revoked',
    ...Array(6).fill('account'),
    ...Array(4).fill('usage'),
  ])
  expect(stored.keys).toEqual([])
  const [{ requests, pixels, ...numbers } = {}] = stored.account
  for (const value of Object.values(numbers)) expect(typeof value).toBe('number')
  for (const text of [requests, pixels])
    expect(text).toMatch(/^\[(\{"from":-?\d+,"at":-?\d+,"units":\d+\},?)*\]$/)
  expect(stored.usage).toEqual([{ day: expect.any(Number), model: 'sd-v1', requests: 1, pixels: 250_000 }])
})
