import { describe, expect, test } from 'vitest'
import {
  COLD as ASLEEP,
  backend,
  job,
  known,
  lease,
  member,
  pool,
  SERVED,
  START,
  TestPool,
  task,
} from '../../test/support/pool.ts'
import { refusalOf } from './admission.ts'
import type { PoolAction, RejectReason } from './events.ts'
import type { Health } from './health-states.ts'
import type { BackendState, Job } from './state.ts'
import { NO_RECORD } from './track-record.ts'
import { MAX_QUEUED } from './tuning.ts'

const reasonFor = (backends: readonly BackendState[], changes: Partial<Job> = {}): RejectReason | undefined =>
  refusalOf(pool(backends), job('t', changes), START)?.reason

const health = (id: string, health: Health, changes: Partial<BackendState> = {}): BackendState =>
  backend(id, { health, record: GONE_BEFORE, ...changes })

/** It went away so often of late that it is not expected back in a moment. */
const GONE_BEFORE = { ...NO_RECORD, relapses: 4, relapsedAt: START }

const COLD: Health = { kind: 'cold', since: START, tries: 0, wakeAt: START }
const DOWN = { kind: 'down', until: START + 800, probeAt: START, isSure: true } as const

/** Outcomes that speak for a backend. */
const proven = (id: string, changes: Partial<BackendState> = {}): BackendState => {
  const record = { ...backend(id).record, buckets: [{ at: START, good: 20, bad: 1 }] }
  return backend(id, { tasks: [task({ record })], ...changes })
}

describe('a job is refused at once', () => {
  test('where nobody serves its model', () => {
    expect(reasonFor([backend('a', { models: ['flux'] })])).toBe('no-backend')
    expect(reasonFor([])).toBe('no-backend')
    expect(reasonFor([health('a', { kind: 'disabled' })])).toBe('no-backend')
  })

  test('where all that serve it have failed it', () => {
    expect(reasonFor([backend('a'), backend('b')], { exclude: ['a', 'b'] })).toBe('exhausted')
    expect(reasonFor([backend('a'), backend('b')], { exclude: ['a'] })).toBeUndefined()
  })

  test('B12: where all that serve it have run out of memory for less', () => {
    const ceilings = [{ key: null, model: 'sdxl', predictedMs: 100, until: START + 600_000, times: 1 }]
    const other = backend('other', { models: ['flux'] })
    expect(reasonFor([backend('a', { ceilings }), backend('b', { ceilings }), other])).toBe('too-large')
    expect(reasonFor([backend('a', { ceilings }), backend('b')])).toBeUndefined()
    // Of two, one has failed it and one is too small: it has been tried where it could be.
    expect(reasonFor([backend('a', { ceilings }), backend('b')], { exclude: ['b'] })).toBe('exhausted')
  })

  test('B35: where all are out of reach, with the time until one is tried again', () => {
    const down = pool([
      health('a', { ...DOWN, until: START + 7_000 }),
      health('b', { ...DOWN, until: START + 4_000 }),
    ])
    expect(refusalOf(down, job('t'), START)).toEqual({ reason: 'down', waitMs: 4_000 })
    expect(reasonFor([health('a', { kind: 'drained' })])).toBe('down')
    expect(reasonFor([health('a', DOWN), backend('b')])).toBeUndefined()
  })

  test('B35: only once a look of our own has found that', () => {
    expect(reasonFor([health('a', { ...DOWN, isSure: false })])).toBeUndefined()
  })

  test('B18: where all are asleep and none will be up in time, with the time until one is', () => {
    const times = { ...known(200), coldStart: { meanMs: 60_000, leastMs: 40_000 } }
    const asleep = [health('a', COLD, { times }), health('b', DOWN)]
    // Less than half of the quickest start that was seen.
    expect(refusalOf(pool(asleep), job('t', { deadlineAt: START + 19_999 }), START)).toEqual({
      reason: 'cold',
      waitMs: 60_000,
    })
    const halfway = refusalOf(pool(asleep), job('t', { deadlineAt: START + 20_000 }), START + 10_000)
    expect(halfway).toBeUndefined()
  })

  test('B18: where it has been asleep for long and nobody has asked it to start yet', () => {
    const times = { ...known(200), coldStart: { meanMs: 60_000, leastMs: 40_000 } }
    const asleep = pool([health('a', COLD, { times })])
    const now = START + 3_600_000
    expect(refusalOf(asleep, job('t', { deadlineAt: now + 10_000 }), now)?.reason).toBe('cold')
  })

  test('B19: where everybody has asked for more time than there is', () => {
    const busy = [9_000, 7_000].map((ms, at) =>
      backend(`b${at}`, { tasks: [task({ pausedUntil: START + ms })] }),
    )
    expect(refusalOf(pool(busy), job('t', { deadlineAt: START + 6_000 }), START)).toEqual({
      reason: 'deadline',
      waitMs: 7_000,
    })
    expect(reasonFor(busy, { deadlineAt: START + 8_000 })).toBeUndefined()
  })

  test('B33: when it has failed alike on two backends that serve others well', () => {
    const failed = (...ids: string[]): Partial<Job> => ({
      exclude: ids,
      failures: ids.map((backendId) => ({ backendId, signature: 'error' as const })),
    })
    const good = [proven('a'), proven('b')]
    expect(reasonFor(good, failed('a', 'b'))).toBe('repeated')
    // A third may do better.
    expect(reasonFor([...good, proven('c')], failed('a', 'b'))).toBeUndefined()
    expect(reasonFor(good, failed('a'))).toBeUndefined()
    // Of backends that fail everybody's jobs it says nothing, nor where it fails differently.
    expect(reasonFor([proven('a'), backend('b')], failed('a', 'b'))).toBe('exhausted')
    const differently = [
      { backendId: 'a', signature: 'error' as const },
      { backendId: 'b', signature: 'invalid' as const },
    ]
    const exclude = ['a', 'b']
    expect(reasonFor(good, { exclude, failures: differently })).toBe('exhausted')
    const silent = exclude.map((backendId) => ({ backendId, signature: 'hang' as const }))
    expect(reasonFor(good, { exclude, failures: silent })).toBe('exhausted')
  })
})

describe('a job may wait', () => {
  test.each<Health>([
    { kind: 'usable' },
    { kind: 'slow-start', since: START, served: 0 },
    { kind: 'half-open', isProbing: true },
  ])('for the last backend that is $kind', (state) => {
    expect(reasonFor([health('a', state)])).toBeUndefined()
  })

  test('for the last backend, though its task is out, or under suspicion', () => {
    const out = { health: { kind: 'ejected', until: START + 5_000 } } as const
    const suspect = { suspicion: { since: START, cause: 'refused', pauseMs: 0, isProbing: false } } as const
    for (const changes of [out, suspect])
      expect(reasonFor([backend('a', { tasks: [task(changes)] })])).toBeUndefined()
  })

  test('FA5: for a backend whose start was never seen, whatever its deadline', () => {
    expect(reasonFor([health('a', COLD)], { deadlineAt: START + 20 })).toBeUndefined()
    expect(reasonFor([health('a', COLD)], { deadlineAt: START })).toBe('cold')
  })

  test('B12: for memory that may be free again in its time, where somebody serves', () => {
    const ceilings = [{ key: null, model: 'sdxl', predictedMs: 100, until: START + 5_000, times: 1 }]
    const soon = backend('a', { ceilings })
    expect(reasonFor([soon], { deadlineAt: START + 6_000 })).toBeUndefined()
    expect(reasonFor([soon], { deadlineAt: START + 5_000 })).toBe('too-large')
    expect(reasonFor([soon], { deadlineAt: START + 6_000, exclude: ['a'] })).toBe('too-large')
    expect(reasonFor([health('a', DOWN, { ceilings })], { deadlineAt: START + 6_000 })).toBe('too-large')
  })

  test('though it is long, where a place is free and nobody waits', () => {
    expect(reasonFor([backend('a')], { predictedMs: 70_000 })).toBeUndefined()
  })
})

/** The queue of a pool whose backend is at a long job. */
function crowded(...backends: readonly BackendState[]): TestPool {
  const one = new TestPool(...(backends.length > 0 ? backends : [backend('a')]))
  for (const { id, slots } of one.state.backends) {
    for (let slot = 0; slot < slots; slot++) one.acquire(`${slot} on ${id}`, { key: 'running' })
  }
  return one
}

describe('the queue', () => {
  test('FA4: has room for whatever can be served in time: 300 decodes of one key at once', () => {
    const one = new TestPool(...['a', 'b'].map((id) => backend(id, { times: known(50) })))
    const answers = Array.from({ length: 300 }, (_, index) => one.acquire(`t${index}`)).flat()
    expect(answers.filter((answer) => answer.includes(':'))).toEqual([])
    expect(one.queued).toHaveLength(298)
  })

  test('has a bound of its own, far beyond that, since it is kept in memory', () => {
    const one = crowded()
    const later = { predictedMs: 1, deadlineAt: START + 1e9 }
    const lanes = [{ key: 'k', isLong: false, deficitMs: 0, jobs: [] as Job[] }]
    const jobs = Array.from({ length: MAX_QUEUED - 1 }, (_, index) =>
      job(`t${index}`, { key: 'k', ...later }),
    )
    one.state = { ...one.state, lanes: lanes.map((lane) => ({ ...lane, jobs })) }
    expect(one.acquire('last', later)).toEqual([])
    expect(one.acquire('more', later)).toEqual(['more: queue-full'])
    // One that waits already may ask again, though the queue is full, and keeps its place.
    expect(one.acquire('t9', { key: 'k', ...later })).toEqual([])
    expect(one.queued).toHaveLength(MAX_QUEUED)
  })

  test('FA5: has room for all that can wait where all backends are asleep', () => {
    const one = new TestPool(member('a', { scaleToZero: true }))
    one.report('a', ASLEEP)
    const answers = Array.from({ length: 500 }, (_, index) => one.acquire(`t${index}`)).flat()
    expect(answers.filter((answer) => answer.includes(':'))).toEqual([])
  })

  test('refuses what would wait longer than its client does, and says how long that is', () => {
    const one = crowded()
    for (let index = 0; index < 20; index++) one.acquire(`t${index}`, { predictedMs: 900 })
    const [late] = one.actions({
      kind: 'acquire',
      job: job('late', { predictedMs: 900, deadlineAt: START + 10_000 }),
    })
    expect(late).toMatchObject({ kind: 'reject', reason: 'deadline' })
    const { retryAfterMs } = late as PoolAction & { kind: 'reject' }
    expect(retryAfterMs).toBeGreaterThan(9_000)
    expect(retryAfterMs).toBeLessThan(40_000)
    expect(one.acquire('patient', { predictedMs: 900, deadlineAt: START + 60_000 })).toEqual([])
  })

  test('tells those that it refuses together to come back apart', () => {
    const one = new TestPool(health('a', DOWN))
    const hints = Array.from({ length: 20 }, (_, index) => {
      const [refusal] = one.actions({ kind: 'acquire', job: job(`t${index}`) })
      return refusal?.kind === 'reject' ? refusal.retryAfterMs : 0
    })
    expect(new Set(hints).size).toBe(20)
    for (const hint of hints) expect(hint).toBeGreaterThanOrEqual(900)
  })

  test('C34: lets a light key in, whatever a heavy one has waiting', () => {
    const one = crowded()
    for (let index = 0; index < 60; index++)
      one.acquire(`t${index}`, { key: 'heavy', predictedMs: 900, deadlineAt: START + 20_000 })
    const refused = one.acquire('heavy', { key: 'heavy', predictedMs: 900, deadlineAt: START + 20_000 })
    expect(refused[0]).toMatch(/deadline|queue-full/)
    for (let index = 0; index < 3; index++) {
      const light = { key: `light-${index}`, predictedMs: 300, deadlineAt: START + 20_000 }
      expect(one.acquire(`light-${index}`, light)).toEqual([])
    }
    // The heavy one is told that it is the one that asks for too much.
    const again = one.acquire('again', { key: 'heavy', predictedMs: 900, deadlineAt: START + 20_000 })
    expect(again).toEqual(['again: over-share'])
  })

  test('knows that a pool has more than one slot, and fast ones', () => {
    const patience = (...backends: readonly BackendState[]): number => {
      const one = crowded(...backends)
      let count = 0
      while (one.acquire(`t${count}`, { predictedMs: 500, deadlineAt: START + 8_000 }).length === 0) count++
      return count
    }
    const plain = patience(backend('a', { times: known(200) }))
    expect(patience(backend('a', { slots: 2, times: known(200) }))).toBeGreaterThan(1.4 * plain)
    expect(patience(backend('a', { times: known(100) }))).toBeGreaterThan(1.4 * plain)
  })
})

describe('an overloaded pool', () => {
  /** Offers work of these costs in turn, twice what one backend can do, and counts what is let in. */
  function overload(costs: readonly number[], keys: number): { offered: number[]; admitted: number[] } {
    const one = new TestPool(member('a'))
    const offered = costs.map(() => 0)
    const admitted = costs.map(() => 0)
    const starts = new Map<number, number>()
    for (let index = 0; index < 3_000; index++) {
      const at = index % costs.length
      const predictedMs = costs[at] as number
      const until = one.now + predictedMs / 2
      while (one.now < until) {
        const [running] = one.backend('a').leases
        const startsAt = running ? Math.max(starts.get(running.id) ?? one.now, one.now) : until
        if (running) starts.set(running.id, starts.get(running.id) ?? one.now)
        const endsAt = running ? (starts.get(running.id) ?? startsAt) + running.predictedMs : until
        if (endsAt > until) {
          one.now = until
          break
        }
        one.now = endsAt
        one.end('free', 'a')
        one.report('a', SERVED)
      }
      offered[at] = (offered[at] ?? 0) + 1
      const deadlineAt = one.now + 30_000
      const answers = one.acquire(`t${index}`, { key: `k${index % keys}`, predictedMs, deadlineAt })
      if (!answers.some((answer) => answer.startsWith(`t${index}:`))) admitted[at] = (admitted[at] ?? 0) + 1
    }
    return { offered, admitted }
  }

  test('G8: sheds classes of cost in proportion, not the dear ones first', () => {
    const { offered, admitted } = overload([200, 1_500, 6_000], 1)
    const shares = admitted.map((count, index) => count / (offered[index] ?? 1))
    const [least = 0, most = 1] = [Math.min(...shares), Math.max(...shares)]
    expect(most).toBeLessThan(0.95)
    expect(least).toBeGreaterThan(0.4 * most)
  })
})

describe('a second try', () => {
  const failures = [{ backendId: 'a', signature: 'hang' as const }]

  test('is paid for from the budget, and refused when that is spent', () => {
    const one = new TestPool(member('a', { slots: 64 }), member('b', { slots: 1 }))
    const retry = (index: number): string[] =>
      one.acquire(`r${index}`, { purpose: 'retry', failures, predictedMs: 1_000 })
    one.state = { ...one.state, budget: { ...one.state.budget, at: START, retries: 2 } }
    expect([retry(1), retry(2)].flat().every((answer) => answer.includes(' on '))).toBe(true)
    expect(retry(3)).toEqual(['r3: budget'])
  })

  test('B1: after an attempt that cost no decode has a budget of its own', () => {
    const one = new TestPool(member('a', { slots: 64 }))
    one.state = { ...one.state, budget: { ...one.state.budget, at: START, freeRetries: 1 } }
    expect(one.acquire('free', { purpose: 'first', failures })).toEqual(['free on a'])
    expect(one.acquire('spent', { purpose: 'first', failures })).toEqual(['spent: budget'])
  })

  test('is not counted as traffic that was asked for', () => {
    const one = new TestPool(member('a', { slots: 4 }))
    const { classes } = one.state.traffic
    one.acquire('r', { purpose: 'retry', failures })
    expect(one.state.traffic.classes).toEqual(classes)
    one.acquire('t')
    expect(one.state.traffic.classes).not.toEqual(classes)
  })

  test('that is refused for what it is counts as demand and nothing else', () => {
    const one = new TestPool(member('a'))
    one.acquire('t', { model: 'unheard-of' })
    expect(one.state.traffic).toMatchObject({ classes: [], askedAt: START })
  })

  test('beside the first waits like any other job, and is refused where its time is over', () => {
    const one = new TestPool(member('a'), member('b'))
    one.state = { ...one.state, budget: { ...one.state.budget, at: START, hedgeMs: 1e6 } }
    expect(one.acquire('late', { purpose: 'hedge', deadlineAt: START })).toEqual(['late: deadline'])
    expect(one.acquire('h1', { purpose: 'hedge' })).toEqual(['h1 on a'])
    expect(one.acquire('h2', { purpose: 'hedge' })).toEqual(['h2 on b'])
    expect(one.acquire('h3', { purpose: 'hedge' })).toEqual([])
  })
})

test('a key with leases has no head start in the queue', () => {
  const one = new TestPool(
    backend('a', { leases: [lease({ key: 'busy', predictedMs: 9_000, endsAt: START + 9_000 })] }),
  )
  one.acquire('t1', { key: 'busy' })
  one.acquire('t2', { key: 'idle' })
  expect(one.end('free', 'a')).toEqual(['t2 on a'])
})
