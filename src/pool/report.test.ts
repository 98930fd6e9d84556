import { describe, expect, test } from 'vitest'
import { backend, lease, member, pool, TestPool } from '../../test/support/pool.ts'
import type { Health } from './health-states.ts'
import { mayEject } from './report.ts'

const SOFT = { kind: 'soft' } as const
const out: Health = { kind: 'ejected', until: 2_000_000 }

describe('a backend may be taken out on suspicion', () => {
  test('while others serve each of its models', () => {
    const both = backend('a', { models: ['sdxl', 'flux'] })
    expect(mayEject(pool([both, backend('b')]), 'a')).toBe(false)
    expect(mayEject(pool([both, backend('b'), backend('c', { models: ['flux'] })]), 'a')).toBe(true)
    expect(mayEject(pool([both, backend('b')]), 'b')).toBe(true)
    expect(mayEject(pool([both]), 'unheard-of')).toBe(false)
  })

  test('while half of the pool is left', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => backend(id))
    expect(mayEject(pool(four), 'a')).toBe(true)
    expect(mayEject(pool(four.with(1, backend('b', { health: out }))), 'a')).toBe(true)
    const half = four.with(1, backend('b', { health: out })).with(2, backend('c', { health: out }))
    expect(mayEject(pool(half), 'a')).toBe(false)
  })

  test('without those counting that their operator has taken out', () => {
    const drained = ['c', 'd', 'e'].map((id) => backend(id, { health: { kind: 'drained' } }))
    expect(mayEject(pool([backend('a'), backend('b'), ...drained]), 'a')).toBe(true)
  })
})

describe('a report', () => {
  test('B31: of bad answers takes out one of two backends, and never both', () => {
    const two = new TestPool(member('a'), member('b'))
    for (let index = 0; index < 20; index++) two.report(index % 2 ? 'a' : 'b', SOFT)
    expect(['a', 'b'].map((id) => two.health(id)).toSorted()).toEqual(['ejected', 'usable'])
  })

  test('of one that nobody knows changes nothing', () => {
    const one = new TestPool(member('a'))
    const { backends } = one.state
    expect(one.report('unheard-of', SOFT, { kind: 'served' })).toEqual([])
    expect(one.state.backends).toEqual(backends)
  })

  test('B30: of a decode that waited behind another too long says nothing against the backend', () => {
    const one = new TestPool(member('a'), member('b'))
    const busy = backend('a', { leases: [lease({ id: 1 }), lease({ id: 2, phase: 'staged' })] })
    one.state = pool([busy, backend('b')])
    const late = (leaseId: number): unknown =>
      one.step({ kind: 'report', backendId: 'a', leaseId, evidence: { kind: 'soft', isTimeout: true } })
    for (let index = 0; index < 9; index++) late(2)
    expect(one.backend('a').record.soft).toBe(0)
    late(1)
    expect(one.backend('a').record.soft).toBe(1)
    one.step({ kind: 'report', backendId: 'a', leaseId: 2, evidence: SOFT })
    expect(one.backend('a').record.soft).toBe(2)
  })

  test('B12: of too little memory lowers the ceiling for its model and does not eject', () => {
    const one = new TestPool(member('a'), member('b'))
    for (let index = 0; index < 9; index++)
      one.report('a', { kind: 'out-of-memory', model: 'sdxl', predictedMs: 1_000 })
    expect(one.health('a')).toBe('usable')
    expect(one.acquire('large', { predictedMs: 900 })).toEqual(['large on b'])
    expect(one.acquire('small', { predictedMs: 500 })).toEqual(['small on a'])
  })
})
