/** The pool's object in the real runtime: leases across RPC, a queue of waiting calls, and its own death. */

import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type AcquireRequest,
  type BackendStatus,
  type PoolStatus,
  PROTOCOL_VERSION as v,
} from '../../src/pool/protocol.ts'
import type { Directory, Pool } from '../../src/worker.ts'

const { POOL: pools, DIRECTORY: directories } = env as unknown as {
  POOL: DurableObjectNamespace<Pool>
  DIRECTORY: DurableObjectNamespace<Directory>
}

let serial = 0

const request = (changes: Partial<AcquireRequest> = {}): AcquireRequest => ({
  v,
  ticket: `ticket-${++serial}`,
  key: 'key',
  model: 'sd-v1',
  predictedMs: 100,
  remainingMs: 10_000,
  exclude: [],
  failures: [],
  purpose: 'first',
  ...changes,
})

const pool = (): DurableObjectStub<Pool> => pools.getByName('preview')
const status = async (): Promise<PoolStatus> => pool().status()

async function backend(): Promise<BackendStatus> {
  const [first] = (await status()).backends
  if (!first) throw new Error('no backend')
  return first
}

const leases = async (): Promise<number> => (await backend()).leases
const queued = async (): Promise<number> => (await status()).queued

async function granted(changes: Partial<AcquireRequest> = {}) {
  const answer = await pool().acquire(request(changes))
  if (!answer.ok) throw new Error(`refused: ${answer.reason}`)
  return answer
}

/** Leases of every slot that there is, for so long that nobody is sent ahead. */
async function allGranted(predictedMs = 2_000) {
  const { slots } = await backend()
  return Promise.all(Array.from({ length: slots }, () => granted({ predictedMs })))
}

const disposeAll = (held: readonly Disposable[]): void => {
  for (const one of held) one[Symbol.dispose]()
}

/** Has the object write what it has learnt, for which it takes its time. */
async function remembered(change: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    await change()
    await runInDurableObject(pool(), () => {
      vi.advanceTimersByTime(15_000)
    })
  } finally {
    vi.useRealTimers()
  }
}

afterEach(async () => {
  await runInDurableObject(pool(), (_, { storage }) => storage.deleteAll())
  await runInDurableObject(directories.getByName('keys'), (_, { storage }) => storage.deleteAll())
  await abortAllDurableObjects()
})

describe('a lease', () => {
  test('gives back its slot when it is disposed', async () => {
    const answer = await granted()
    expect(await leases()).toBe(1)
    answer[Symbol.dispose]()
    await expect.poll(leases).toBe(0)
  })

  test('gives back its slot once, however often it is freed', async () => {
    const first = await granted()
    const second = await granted()
    await first.lease.free({ decoded: true })
    await first.lease.free({ decoded: true })
    first[Symbol.dispose]()
    expect(await leases()).toBe(1)
    second[Symbol.dispose]()
  })

  test('says where the job goes, when it starts and how long it is expected to take', async () => {
    using answer = await granted()
    expect(answer).toMatchObject({
      ok: true,
      v,
      epoch: await pool().ping(),
      backendId: 'preview',
      isLearnt: false,
    })
    expect(answer.expectedMs).toBeGreaterThan(0)
    expect(answer.startsInMs).toBeGreaterThanOrEqual(0)
    expect(answer.poolWaitMs).toBe(0)
  })

  test('teaches the pool how fast its backend is', async () => {
    for (let index = 0; index < 12; index++) {
      using answer = await granted()
      await answer.lease.free({ decoded: true, attemptMs: 320, computeMs: 300 })
    }
    const { speed, samples } = await backend()
    expect(speed).toBeGreaterThan(1.5)
    expect(samples).toBe(12)
    using next = await granted()
    expect(next.isLearnt).toBe(true)
    expect(next.expectedMs).toBeGreaterThan(150)
  })

  test('may be renewed while it is held, and reports also after it was freed', async () => {
    using answer = await granted()
    await answer.lease.renew()
    expect(await leases()).toBe(1)
    await answer.lease.free({ decoded: true })
    await answer.lease.renew()
    await answer.lease.report({ kind: 'unreachable' })
    await answer.lease.report({ kind: 'unreachable' })
    // What a look at it finds then is another matter.
    expect(await backend()).toMatchObject({ cause: 'unreachable', leases: 0 })
  })

  test('B1: that reports a backend out of reach has it looked at, and those who wait are served if it is there', async () => {
    const held = await allGranted()
    const waiting = pool().acquire(request())
    await expect.poll(queued).toBe(1)
    await held[0]?.lease.report({ kind: 'unreachable' })
    await held[1]?.lease.report({ kind: 'unreachable' })
    expect((await backend()).cause).toBe('unreachable')
    disposeAll(held)
    const answer = await waiting
    expect(answer).toMatchObject({ ok: true })
    disposeAll([answer])
  })
})

describe('a call', () => {
  test('waits until a slot is free', async () => {
    const held = await allGranted()
    const waiting = granted()
    await expect.poll(queued).toBe(1)
    await held[0]?.lease.free({ decoded: false })
    const answer = await waiting
    expect(answer.backendId).toBe('preview')
    disposeAll([...held, answer])
  })

  test('is refused when its deadline passes in the queue', async () => {
    const held = await allGranted(1)
    const late = await pool().acquire(request({ remainingMs: 300, predictedMs: 1 }))
    expect(late).toMatchObject({ ok: false, reason: 'deadline' })
    disposeAll(held)
  })

  test('C2: is answered when it is cancelled in the queue', async () => {
    const held = await allGranted()
    const waiting = pool().acquire(request({ ticket: 'mine', remainingMs: 60_000 }))
    await expect.poll(queued).toBe(1)
    await pool().cancel('mine')
    expect(await waiting).toMatchObject({ ok: false, v, reason: 'cancelled', retryAfterMs: 0 })
    disposeAll(held)
  })

  test('is refused for a model that nobody serves', async () => {
    expect(await pool().acquire(request({ model: 'kolors' }))).toMatchObject({
      ok: false,
      reason: 'no-backend',
    })
  })

  test('P4: of the release before is understood, and so is its way to free a slot', async () => {
    const { v: _, key, failures, purpose, ...older } = request()
    const answer = await pool().acquire({ ...older, v: 1 } as AcquireRequest)
    if (!answer.ok) throw new Error(answer.reason)
    expect(await leases()).toBe(1)
    await (answer.lease as unknown as { free(): Promise<void> }).free()
    expect(await leases()).toBe(0)
    expect((await backend()).samples).toBe(1)
    answer[Symbol.dispose]()
  })
})

describe('the operator', () => {
  test('drains a backend and enables it again, after it has decoded something of our own', async () => {
    await pool().operate('preview', 'drain')
    expect((await backend()).health).toBe('drained')
    expect(await pool().acquire(request())).toMatchObject({ ok: false, reason: 'down' })
    await pool().operate('preview', 'enable')
    // Too long a job to try it with, so that the embedded backend is asked for a tiny one.
    using answer = await granted({ predictedMs: 2_000, remainingMs: 60_000 })
    expect(answer.backendId).toBe('preview')
    expect((await backend()).health).toBe('slow-start')
  })

  test('is told what a look at a backend finds, though nobody waits for it', async () => {
    expect(await pool().examine('preview')).toBe('passed')
    await pool().operate('preview', 'drain')
    expect(await pool().examine('preview')).toBe('passed')
    expect(await backend()).toMatchObject({ health: 'drained', cause: null, changesInMs: null })
  })

  test('sees a backend that he enables serve as soon as it has shown that it can', async () => {
    await pool().operate('preview', 'disable')
    await pool().operate('preview', 'enable')
    expect((await backend()).health).toBe('half-open')
    expect(await pool().examine('preview')).toBe('passed')
    expect(await backend()).toMatchObject({ health: 'slow-start', changesInMs: expect.any(Number) })
  })

  test('P1: has orders that are kept before he hears that they are taken', async () => {
    await pool().operate('preview', 'drain')
    await evictDurableObject(pool())
    expect((await backend()).health).toBe('drained')
  })

  test('has no power over a backend that is not there', async () => {
    const before = await status()
    await pool().operate('unheard-of', 'disable')
    expect(await pool().examine('unheard-of')).toBeNull()
    expect(await status()).toEqual(before)
  })
})

describe('a pool that was evicted', () => {
  test('P1: works again', async () => {
    const answer = await granted()
    answer[Symbol.dispose]()
    await expect.poll(leases).toBe(0)
    await evictDurableObject(pool())
    const next = await granted()
    expect(await leases()).toBe(1)
    next[Symbol.dispose]()
  })

  test('P1: remembers what it has learnt and what its operator ordered', async () => {
    await remembered(async () => {
      for (let index = 0; index < 6; index++) {
        const answer = await granted()
        await answer.lease.free({ decoded: true, attemptMs: 320, computeMs: 300 })
        answer[Symbol.dispose]()
      }
      await pool().operate('preview', 'drain')
    })
    const { speed, samples, gapMs } = await backend()
    await evictDurableObject(pool())
    expect(await backend()).toMatchObject({ speed, samples, gapMs, health: 'drained', leases: 0 })
    await remembered(() => pool().operate('preview', 'enable'))
    await evictDurableObject(pool())
    expect((await backend()).health).toBe('usable')
  })

  test('G18: has stored ids, numbers and enums, and nothing of any request', async () => {
    await remembered(async () => {
      const answer = await granted({ ticket: 'canary-ticket', key: 'canary-key' })
      await answer.lease.free({ decoded: true, attemptMs: 320, computeMs: 300 })
      answer[Symbol.dispose]()
    })
    const stored = await runInDurableObject(pool(), async (_, { storage }) => ({
      tables: storage.sql
        .exec("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '_cf_%'")
        .toArray()
        .map(({ name }) => name),
      columns: storage.sql.exec("SELECT name, type FROM pragma_table_info('learnt')").toArray(),
      rows: storage.sql.exec('SELECT * FROM learnt').toArray(),
      keys: [...(await storage.list()).keys()],
    }))
    expect(stored.tables).toEqual(['learnt', 'orders'])
    expect(stored.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id TEXT',
      'times TEXT',
      'health TEXT',
    ])
    expect(stored.keys).toEqual([])
    expect(stored.rows).toHaveLength(1)
    const [{ id, health, times } = {}] = stored.rows
    expect([id, health]).toEqual(['preview', null])
    const words: string[] = []
    JSON.parse(String(times), (_, value: unknown) => void (typeof value === 'string' && words.push(value)))
    expect(words).toEqual(['sd-v1'])
  })
})

describe('a pool that was killed', () => {
  test('P2: fails those who wait, who find a new one under the same ticket', async () => {
    const former = await pool().ping()
    const held = await allGranted()
    const asked = request({ ticket: 'mine' })
    const outcome = pool()
      .acquire(asked)
      .then(
        () => 'answered',
        () => 'lost',
      )
    await expect.poll(queued).toBe(1)
    await abortAllDurableObjects()
    expect(await outcome).toBe('lost')
    using again = await granted(asked)
    expect(again.epoch).not.toBe(former)
    expect(await leases()).toBe(1)
    disposeAll(held)
    expect(await leases()).toBe(1)
  })

  test('P2: takes over what its former life granted and still runs', async () => {
    const [first] = await allGranted()
    await abortAllDurableObjects()
    const { slots } = await backend()
    const adopted = await Promise.all(
      Array.from({ length: slots }, () =>
        pool().adopt({ v, backendId: 'preview', predictedMs: 2_000, elapsedMs: 200 }),
      ),
    )
    expect(await leases()).toBe(slots)
    const waiting = granted()
    await expect.poll(queued).toBe(1)
    await adopted[0]?.free({ decoded: true, attemptMs: 2_100 })
    const answer = await waiting
    for (const one of adopted.slice(1)) one?.[Symbol.dispose]()
    answer[Symbol.dispose]()
    await expect.poll(leases).toBe(0)
    first?.[Symbol.dispose]()
  })

  test('P2: takes over nothing for a backend that is not there', async () => {
    const lost = { v, backendId: 'unheard-of', predictedMs: 100, elapsedMs: 0 }
    expect(await pool().adopt(lost)).toBeNull()
    expect(await leases()).toBe(0)
  })

  test('answers a ping while others wait', async () => {
    const held = await allGranted()
    const waiting = granted()
    await expect.poll(queued).toBe(1)
    const epoch = await pool().ping()
    expect(epoch).toMatch(/^[0-9a-f-]{36}$/)
    expect(await pool().ping()).toBe(epoch)
    disposeAll(held)
    disposeAll([await waiting])
  })
})

describe('a pool whose database fails', () => {
  test('P7: goes on when it cannot write', async () => {
    await remembered(async () => {
      const answer = await granted()
      await runInDurableObject(pool(), (_, { storage }) => {
        storage.sql.exec('DROP TABLE learnt')
      })
      await answer.lease.free({ decoded: true, attemptMs: 320, computeMs: 300 })
      answer[Symbol.dispose]()
    })
    using answer = await granted()
    expect(answer.ok).toBe(true)
    expect((await backend()).samples).toBe(1)
  })

  test('P7: begins with nothing when it cannot read', async () => {
    await runInDurableObject(pool(), (_, { storage }) => {
      storage.sql.exec('DROP TABLE learnt')
      storage.sql.exec('CREATE TABLE gone (id TEXT)')
      storage.sql.exec('CREATE VIEW learnt AS SELECT * FROM gone')
      storage.sql.exec('DROP TABLE gone')
    })
    await evictDurableObject(pool())
    using answer = await granted()
    expect(answer.ok).toBe(true)
  })
})
