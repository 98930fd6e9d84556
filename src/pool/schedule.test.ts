import { describe, expect, test } from 'vitest'
import { backend, job, lease, member, pool, START, TestPool, words } from '../../test/support/pool.ts'
import { enqueue } from './lanes.ts'
import { hedge, part, schedule } from './schedule.ts'
import type { Job, Lane, PoolState } from './state.ts'

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
    const known = { ...backend('a').pace, speed: 2, gapMs: 40, samples: 100 }
    const grants = (state: PoolState) => schedule(state, START)[1]
    expect(grants(pool([backend('a', { pace: known })], { lanes: lanesOf(job('t')) }))).toEqual([
      {
        kind: 'grant',
        ticket: 't',
        leaseId: 1,
        backendId: 'a',
        startsInMs: 40,
        expectedMs: 400,
        isLearnt: true,
      },
    ])
    expect(grants(pool([backend('a')], { lanes: lanesOf(job('t')) }))).toMatchObject([{ isLearnt: false }])
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

  test('are kept for who waits for a backend that is faster, though it is busy', () => {
    const fast = backend('fast', { leases: [lease({ endsAt: START + 300 })] })
    const slow = backend('slow', { pace: { ...backend('a').pace, speed: 20 } })
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
  const copy = job('t', { purpose: 'hedge' })
  const hedged = (state: PoolState, one: Job = copy): string | undefined => {
    const found = hedge(state, one, START)
    return found && words(found[1])
  }

  test('gets an idle backend, and pays for it', () => {
    const [after] = hedge(pool([backend('a'), backend('b')], { budget: paid }), copy, START) ?? []
    expect(after?.budget.hedgeMs).toBe(9_800)
    expect(after?.nextLeaseId).toBe(2)
    expect(after?.backends[0]?.leases).toMatchObject([{ id: 1, isHedge: true }])
  })

  test('leaves one idle for the next job', () => {
    const busy = backend('b', { leases: [lease()] })
    expect(hedged(pool([backend('a'), busy], { budget: paid }))).toBeUndefined()
    expect(hedged(pool([backend('a'), busy, backend('c')], { budget: paid }))).toBe('t on a')
  })

  test('is granted on no backend that is suspect, paused or has failed the job', () => {
    const others = [
      backend('a', { busyUntil: START + 1 }),
      backend('b', { health: { kind: 'slow-start', since: START, served: 0 } }),
      backend('c'),
      backend('d'),
    ]
    expect(hedged(pool(others, { budget: paid }))).toBe('t on c')
    expect(hedged(pool(others, { budget: paid }), { ...copy, exclude: ['c'] })).toBeUndefined()
  })

  test('is not granted while anybody waits, nor without a budget', () => {
    const backends = [backend('a'), backend('b')]
    expect(hedged(pool(backends, { budget: paid, lanes: lanesOf(job('x')) }))).toBeUndefined()
    expect(hedged(pool(backends, { budget: { ...paid, hedgeMs: 199 } }))).toBeUndefined()
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
