import { describe, expect, test } from 'vitest'
import {
  backend,
  job,
  known,
  lease,
  member,
  pool,
  START,
  TestPool,
  task,
  words,
} from '../../test/support/pool.ts'
import { enqueue } from './lanes.ts'
import { part, schedule } from './schedule.ts'
import type { Job, Lane, PoolMember, PoolState, TaskRecord } from './state.ts'

const lanesOf = (...jobs: readonly Job[]): readonly Lane[] =>
  jobs.reduce((lanes, one) => enqueue(lanes, one, 0), [] as readonly Lane[])
const granted = (state: PoolState, now = START): string[] => schedule(state, now)[1].map(words)

describe('places', () => {
  test('are given out to all jobs that have one, in one go', () => {
    const state = pool([backend('a'), backend('b', { slots: 2 })], {
      lanes: lanesOf(...['t1', 't2', 't3', 't4'].map((ticket) => job(ticket))),
    })
    const [after, actions] = schedule(state, START)
    expect(actions.map(words)).toEqual(['t1 on a', 't2 on b', 't3 on b'])
    expect(after.lanes.flatMap(({ jobs }) => jobs.map(({ ticket }) => ticket))).toEqual(['t4'])
    expect(after.backends.flatMap(({ leases }) => leases.map(({ id }) => id))).toEqual([1, 2, 3])
    expect(after.nextLeaseId).toBe(4)
  })

  test('are none to give where nobody waits or nobody can take a job', () => {
    const empty = pool([backend('a')])
    expect(schedule(empty, START)).toEqual([empty, []])
    const full = pool([backend('a', { leases: [lease({ endsAt: START + 9_000 })] })], {
      lanes: lanesOf(job('t')),
    })
    expect(schedule(full, START)).toEqual([full, []])
  })

  test('say when a job starts, how long it is expected to take, and whether that is a guess', () => {
    const times = { ...known(400, { deviationMs: 30 }), deadMs: 40 }
    const grants = (state: PoolState) => schedule(state, START)[1]
    expect(grants(pool([backend('a', { times })], { lanes: lanesOf(job('t')) }))).toEqual([
      {
        kind: 'grant',
        ticket: 't',
        leaseId: 1,
        backendId: 'a',
        startsInMs: 40,
        expectedMs: 400,
        deviationMs: 30,
        isLearnt: true,
        isTrusted: true,
      },
    ])
    expect(grants(pool([backend('a')], { lanes: lanesOf(job('t')) }))).toMatchObject([{ isLearnt: false }])
  })

  test('FA5: say that a job waited for a backend to start, so that its time begins now', () => {
    const state = pool([backend('a')], { lanes: lanesOf(job('t', { hasWaitedForStart: true })) })
    expect(schedule(state, START)[1]).toMatchObject([{ waitedForStart: true }])
  })

  test('say whether a good answer would be news', () => {
    const isTrusted = (changes: Partial<TaskRecord>): unknown =>
      schedule(pool([backend('a', { tasks: [task(changes)] })], { lanes: lanesOf(job('t')) }), START)[1].map(
        (action) => action.kind === 'grant' && action.isTrusted,
      )
    const { record } = task()
    const suspicion = { since: START, cause: 'busy', pauseMs: 9, isProbing: true } as const
    expect(isTrusted({})).toEqual([true])
    expect(isTrusted({ record: { ...record, hard: 1 } })).toEqual([false])
    expect(isTrusted({ record: { ...record, soft: 1 } })).toEqual([false])
    expect(isTrusted({ suspicion })).toEqual([false])
  })

  test('go to the next job when the first has none', () => {
    const lanes = lanesOf(job('excluded', { exclude: ['a'] }), job('t2'))
    expect(granted(pool([backend('a')], { lanes }))).toEqual(['t2 on a'])
  })

  test('are found for the one job that can use them, however many wait for another backend', () => {
    const many = Array.from({ length: 100 }, (_, index) => job(`t${index}`, { key: `key-${index}` }))
    const last = job('last', { key: 'last', model: 'flux' })
    const full = backend('a', { leases: [lease({ endsAt: START + 9_000 })] })
    const state = pool([full, backend('b', { models: ['flux'] })], { lanes: lanesOf(...many, last) })
    expect(granted(state)).toEqual(['last on b'])
  })

  test('FA4: are found behind 300 jobs of the same key that wait for another backend', () => {
    const many = Array.from({ length: 300 }, (_, index) => job(`t${index}`))
    const full = backend('a', { leases: [lease({ endsAt: START + 9_000 })] })
    const lanes = [
      { key: 'key', isLong: false, deficitMs: 0, jobs: [...many, job('last', { model: 'flux' })] },
    ]
    expect(granted(pool([full, backend('b', { models: ['flux'] })], { lanes }))).toEqual(['last on b'])
  })

  test('are kept for who waits for a backend that is faster, though it is busy', () => {
    const fast = backend('fast', { times: known(200), leases: [lease({ endsAt: START + 300 })] })
    const slow = backend('slow', { times: known(4_000), lastGrantAt: START })
    const lanes = lanesOf(...Array.from({ length: 30 }, (_, index) => job(`t${index}`)))
    // So many wait for the fast one that the slow one is the sooner for one of them.
    expect(granted(pool([fast, slow], { lanes: lanes.slice(0, 1) }))).toHaveLength(1)
    expect(granted(pool([fast, slow], { lanes: lanesOf(job('t')) }))).toEqual([])
  })
})

describe('a backend', () => {
  const VIDEO = { predictedMs: 20_000 }
  const four = (): TestPool => new TestPool(...['a', 'b', 'c', 'd'].map((id) => member(id)))

  test('of four is kept from long jobs while short ones come', () => {
    const kept = four()
    kept.acquire('short')
    kept.end('free', 'a')
    const videos = ['v1', 'v2', 'v3', 'v4'].map((ticket) => kept.acquire(ticket, VIDEO).length)
    expect(videos).toEqual([1, 1, 1, 0])
    expect(kept.acquire('picture')).toHaveLength(1)
  })

  test('is not kept when no short job came for a while, and that is noticed', () => {
    const kept = four()
    kept.acquire('short')
    kept.end('free', 'a')
    for (const ticket of ['v1', 'v2', 'v3', 'v4']) kept.acquire(ticket, VIDEO)
    expect(kept.queued).toEqual(['v4'])
    expect(kept.sleepUntil(START + 12_000)).toEqual([expect.stringMatching(/^v4 on/)])
  })

  test('is not kept where there are few, nor where nobody asks for pictures', () => {
    const few = new TestPool(member('a'), member('b'))
    few.acquire('short')
    few.end('free', 'a')
    expect(['v1', 'v2'].flatMap((ticket) => few.acquire(ticket, VIDEO))).toHaveLength(2)
    const videos = four()
    expect(['v1', 'v2', 'v3', 'v4'].flatMap((ticket) => videos.acquire(ticket, VIDEO))).toHaveLength(4)
  })
})

describe('a hedge', () => {
  const paid = { at: START, retryMs: 0, hedgeMs: 10_000, retries: 0, freeRetries: 0 }
  const pooled = (...backends: readonly PoolMember[]): TestPool => {
    const one = new TestPool(...backends)
    one.state = { ...one.state, budget: paid }
    return one
  }
  const copy = { purpose: 'hedge', exclude: ['a'] } as const

  test('FA3: waits for its turn on another backend like any other job, and is paid for', () => {
    const one = pooled(member('a'), member('b'))
    one.acquire('t')
    one.acquire('other', { predictedMs: 300 })
    expect(one.acquire('copy', copy)).toEqual([])
    expect(one.state.budget.hedgeMs).toBe(9_800)
    expect(one.end('free', 'b')).toEqual(['copy on b'])
    expect(one.backend('b').leases).toMatchObject([{ isHedge: true }])
  })

  test('costs nothing where its request is answered while it waits, so that failures can be paid for', () => {
    const one = pooled(member('a'), member('b'))
    one.state = { ...one.state, budget: { ...paid, hedgeMs: 200, retries: 1 } }
    one.acquire('t')
    one.acquire('other')
    for (let index = 0; index < 200; index++) {
      expect(one.acquire(`copy ${index}`, copy)).toEqual([])
      one.step({ kind: 'cancel', ticket: `copy ${index}` })
    }
    expect(one.state.budget.hedgeMs).toBe(200)
    const failures = [{ backendId: 'a', signature: 'crash' as const }]
    expect(one.acquire('failed', { purpose: 'retry', exclude: ['a'], failures })).not.toContain(
      'failed: budget',
    )
  })

  test('is not asked for where no other backend could take it, nor without a budget', () => {
    expect(pooled(member('a')).acquire('copy', copy)).toEqual(['copy: exhausted'])
    const poor = pooled(member('a'), member('b'))
    poor.state = { ...poor.state, budget: { ...paid, hedgeMs: 0 } }
    expect(poor.acquire('copy', copy)).toEqual(['copy: budget'])
  })

  test('is paid as a retry where hedges have earned nothing', () => {
    const one = pooled(member('a'), member('b'))
    one.state = { ...one.state, budget: { ...paid, hedgeMs: 0, retries: 1 } }
    expect(one.acquire('copy', copy)).toEqual(['copy on b'])
    expect(one.state.budget.retries).toBeLessThan(1)
  })
})

describe('a part of a batch', () => {
  const one = job('t', { purpose: 'part', exclude: ['a'] })
  const placed = (state: PoolState, what: Job = one): string | undefined => {
    const found = part(state, what, START)
    return found && words(found[1])
  }

  test('gets a free slot at once, and costs its key no turn', () => {
    const state = pool([backend('a', { leases: [lease()] }), backend('b')])
    const [after, action] = part(state, one, START) ?? []
    expect(action && words(action)).toBe('t on b')
    expect(after?.lanes).toBe(state.lanes)
    expect(after?.backends[1]?.leases).toMatchObject([{ id: 1, predictedMs: 200, phase: 'running' }])
    expect(after?.nextLeaseId).toBe(2)
  })

  test('goes to no backend that is suspect, asked for time or is warming up', () => {
    const suspicion = { since: START, cause: 'broke-off', pauseMs: 0, isProbing: false } as const
    const others = [
      backend('b', { tasks: [task({ pausedUntil: START + 1 })] }),
      backend('c', { health: { kind: 'slow-start', since: START, served: 0 } }),
      backend('d', { tasks: [task({ suspicion })] }),
    ]
    expect(placed(pool(others))).toBeUndefined()
    expect(placed(pool([...others, backend('e')]))).toBe('t on e')
  })

  test('is not staged, and not granted while anybody waits', () => {
    const soon = backend('b', { leases: [lease({ endsAt: START + 10 })] })
    expect(placed(pool([backend('a'), soon]))).toBeUndefined()
    expect(placed(pool([backend('a'), backend('b')], { lanes: lanesOf(job('x')) }))).toBeUndefined()
  })

  test('leaves a backend to short jobs where those are about, if it is long', () => {
    const video = { predictedMs: 20_000 }
    const busy = ['a', 'b', 'c', 'd'].map((id) => backend(id, id === 'd' ? {} : { leases: [lease(video)] }))
    const state = pool(busy, { traffic: { ...pool([]).traffic, shortAskedAt: START } })
    expect(placed(state, { ...one, ...video })).toBeUndefined()
    expect(placed(state)).toBe('t on d')
  })
})
