/** What becomes of a slot: freed, drained, or never heard of again. */
import { describe, expect, test } from 'vitest'
import { member, START, TestPool } from '../../test/support/pool.ts'

describe('a slot', () => {
  test('is freed once: freeing it again takes nobody else’s', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.step({ kind: 'free', leaseId: 1 })).toEqual(['t2 on a'])
    expect(pool.step({ kind: 'free', leaseId: 1 })).toEqual([])
    expect(pool.step({ kind: 'abandon', leaseId: 1 })).toEqual([])
    expect(pool.state.leases.map(({ id }) => id)).toEqual([2])
  })

  test('C3: of a backend that stops with its connection is free when its holder leaves', () => {
    const pool = new TestPool(member('a', { abortable: true }))
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.end('abandon', 'a')).toEqual(['t2 on a'])
  })

  test('B34: of a backend that decodes on is free when the decode can be over', () => {
    const pool = new TestPool(member('a', { abortable: false }))
    pool.acquire('t1', { predictedMs: 1_000 })
    pool.acquire('t2')
    expect(pool.end('abandon', 'a')).toEqual([])
    expect(pool.state.leases[0]).toMatchObject({ phase: 'draining', endsAt: START + 1_200 })
    expect(pool.wakeAt).toBe(START + 1_200)
    expect(pool.tickAt(START + 1_200)).toEqual(['t2 on a'])
  })

  test('B34: of a decode that took longer than that already is free at once', () => {
    const pool = new TestPool(member('a', { abortable: false }))
    pool.acquire('t1', { predictedMs: 1_000 })
    pool.acquire('t2')
    pool.now = START + 1_200
    expect(pool.end('abandon', 'a')).toEqual(['t2 on a'])
  })

  test('B34: may still be given back by hand while it drains', () => {
    const pool = new TestPool(member('a', { abortable: false }))
    pool.acquire('t1', { predictedMs: 9_000 })
    pool.acquire('t2')
    pool.end('abandon', 'a')
    expect(pool.end('free', 'a')).toEqual(['t2 on a'])
  })

  test('B34: does not drain for longer than its lease lasts', () => {
    const pool = new TestPool(member('a', { abortable: false }))
    pool.acquire('t1', { predictedMs: 90_000, deadlineAt: START + 1_000 })
    pool.end('abandon', 'a')
    expect(pool.wakeAt).toBe(START + 6_000)
  })

  test('P2: whose holder is never heard of again comes back five seconds after the deadline', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1', { deadlineAt: START + 1_000 })
    pool.acquire('t2')
    expect(pool.tickAt(START + 5_999)).toEqual([])
    expect(pool.tickAt(START + 6_000)).toEqual(['t2 on a'])
  })
})
