import { describe, expect, test } from 'vitest'
import { backend, lease, member, START, TestPool } from '../../test/support/pool.ts'
import { operate } from './operator.ts'

describe('the operator', () => {
  test.each(['drain', 'disable'] as const)('may %s a backend, which lets what runs end', (order) => {
    const before = backend('a', { leases: [lease()] })
    const after = operate(before, order, START)
    expect(after).toEqual({ ...before, health: { kind: order === 'drain' ? 'drained' : 'disabled' } })
  })

  test('P14: sees a drained backend finish its job and get no other', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('t1')
    pool.operate('a', 'drain')
    expect(pool.acquire('t2')).toEqual(['t2 on b'])
    expect(pool.acquire('t3')).toEqual([])
    expect(pool.end('free', 'a')).toEqual([])
    expect(pool.end('free', 'b')).toEqual(['t3 on b'])
  })

  test('enables a backend, which shows first what it can, and lifts its pause', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('asks')
    pool.end('free', 'a')
    pool.report('a', { kind: 'busy', retryAfterMs: 60_000 })
    pool.operate('a', 'disable')
    expect(pool.acquire('t1')).toEqual(['t1: no-backend'])
    expect(pool.operate('a', 'enable')).toEqual(['a? decode'])
    expect(pool.acquire('t2')).toEqual([])
    expect(pool.probed('a', 'decode', 'passed')).toEqual(['t2 on a'])
  })

  test('has a backend that is down looked at at once, and changes no other by that', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('t1')
    pool.report('b', { kind: 'hard' }, { kind: 'hard' })
    expect(pool.operate('b', 'probe')).toEqual(['b? health'])
    const { state } = pool
    expect(pool.operate('a', 'probe')).toEqual([])
    expect(pool.state).toEqual(state)
  })

  test('is not overruled by what leases report', () => {
    const pool = new TestPool(member('a', { scaleToZero: true }))
    pool.operate('a', 'drain')
    pool.report('a', { kind: 'served' }, { kind: 'hard' }, { kind: 'cold' }, { kind: 'misconfigured' })
    expect(pool.health('a')).toBe('drained')
    pool.operate('a', 'disable')
    pool.report('a', { kind: 'served' }, { kind: 'hard' }, { kind: 'cold' }, { kind: 'misconfigured' })
    expect(pool.health('a')).toBe('disabled')
  })
})
