import { describe, expect, test } from 'vitest'
import { backend, job, known, lease, pool, START, task } from '../../test/support/pool.ts'
import { idleBeside } from './idle.ts'
import { enqueue } from './lanes.ts'
import type { BackendState } from './state.ts'

const granted = backend('own', { leases: [lease({ id: 7 })] })
const beside = (...others: readonly BackendState[]): readonly string[] =>
  idleBeside(pool([granted, ...others]), { backendId: 'own', leaseId: 7 }, START)

describe('backends beside one that was granted', () => {
  test('are idle with a free slot, the empty ones first, and of those the quickest', () => {
    const half = backend('half', { slots: 2, leases: [lease()] })
    const slow = backend('slow', { times: known(600) })
    expect(beside(half, slow, backend('quick'))).toEqual(['quick', 'slow', 'half'])
  })

  test.each<[string, Partial<BackendState>]>([
    ['has no slot left', { leases: [lease()] }],
    ['asked for time', { tasks: [task({ pausedUntil: START + 1 })] }],
    ['is out for the task', { tasks: [task({ health: { kind: 'ejected', until: START + 1 } })] }],
    [
      'is under suspicion',
      { tasks: [task({ suspicion: { since: START, cause: 'broke-off', pauseMs: 0, isProbing: true } })] },
    ],
    ['is on trial', { health: { kind: 'slow-start', since: START, served: 0 } }],
    ['serves other models', { models: ['flux'] }],
    [
      'has run out of memory for less',
      { ceilings: [{ key: null, model: 'sdxl', predictedMs: 100, until: START + 1, times: 1 }] },
    ],
  ])('are not idle where one %s', (_, changes) => {
    expect(beside(backend('b', changes))).toEqual([])
  })

  test('are nobody’s while somebody waits', () => {
    const state = pool([granted, backend('b')], { lanes: enqueue([], job('t'), 0) })
    expect(idleBeside(state, { backendId: 'own', leaseId: 7 }, START)).toEqual([])
  })

  test('are none to a lease that is over', () => {
    expect(idleBeside(pool([granted, backend('b')]), { backendId: 'own', leaseId: 8 }, START)).toEqual([])
  })
})
