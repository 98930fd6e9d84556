import { describe, expect, test } from 'vitest'
import { backend, job, known, lease, pool, START, task } from '../../test/support/pool.ts'
import { enqueue } from './lanes.ts'
import { expectedWaitMs, loadOn } from './load.ts'
import type { BackendState, Job, Lane } from './state.ts'

const busy = (id: string, ms: number, changes: Partial<BackendState> = {}): BackendState =>
  backend(id, { leases: [lease({ endsAt: START + ms, predictedMs: ms })], ...changes })
const lanesOf = (...jobs: readonly Job[]): readonly Lane[] =>
  jobs.reduce((lanes, one) => enqueue(lanes, one, 0), [] as readonly Lane[])

describe('a job waits', () => {
  const load = (backends: readonly BackendState[], jobs: readonly Job[], one: Job) =>
    loadOn(pool(backends, { lanes: lanesOf(...jobs) }), backends, one, START)

  test('for what runs and for its own key', () => {
    const { waitMs, poolWaitMs } = load([busy('a', 500)], [job('t1'), job('t2')], job('t'))
    expect([waitMs, poolWaitMs]).toEqual([900, 900])
  })

  test('for no more of the others than its own share, however much they have', () => {
    const flood = Array.from({ length: 30 }, (_, index) => job(`t${index}`, { key: 'heavy' }))
    const { waitMs, isHeavy, isShared, jobs } = load([busy('a', 500)], flood, job('t', { key: 'light' }))
    expect(waitMs).toBe(700)
    expect({ isHeavy, isShared, jobs }).toEqual({ isHeavy: false, isShared: true, jobs: 30 })
    expect(load([busy('a', 500)], flood, job('t', { key: 'heavy' })).isHeavy).toBe(true)
  })

  test('not for longer ones of its key', () => {
    const long = job('long', { predictedMs: 9_000 })
    expect(load([busy('a', 500)], [long], job('t')).waitMs).toBe(500)
  })

  test('less where more and faster backends serve', () => {
    const alone = load([busy('a', 500)], [job('t1')], job('t')).waitMs
    expect(load([busy('a', 500, { slots: 2 })], [job('t1')], job('t')).waitMs).toBe(alone / 2)
    expect(load([busy('a', 500, { times: known(400) })], [job('t1')], job('t')).waitMs).toBeGreaterThan(alone)
  })

  test('longer when those before it turned out to have waited longer', () => {
    const state = pool([busy('a', 500)], { lanes: lanesOf(job('t1')) })
    const traffic = { ...state.traffic, pessimism: 2 }
    const before = loadOn(state, state.backends, job('t'), START).waitMs
    expect(loadOn({ ...state, traffic }, state.backends, job('t'), START).waitMs).toBe(2 * before)
  })
})

describe('the wait that a pool tells of', () => {
  test('is none while a place is free and nobody waits', () => {
    expect(expectedWaitMs(pool([busy('a', 900), backend('b')]), START)).toBe(0)
  })

  test('is that for the first place, and for those that wait already', () => {
    const two = [busy('a', 900), busy('b', 300)]
    expect(expectedWaitMs(pool(two), START)).toBe(300)
    expect(expectedWaitMs(pool(two, { lanes: lanesOf(job('t1'), job('t2')) }), START)).toBe(500)
  })

  test('counts no backend whose tasks have all been taken out', () => {
    const ejected = task({ health: { kind: 'ejected', until: START + 5_000 } })
    const two = [busy('a', 300), backend('b', { tasks: [ejected] })]
    expect(expectedWaitMs(pool(two), START)).toBe(300)
  })

  test('is long where nobody serves', () => {
    expect(expectedWaitMs(pool([backend('a', { health: { kind: 'drained' } })]), START)).toBeGreaterThan(
      10_000,
    )
  })
})
