import { describe, expect, test } from 'vitest'
import { job, member, START, TestPool } from '../../test/support/pool.ts'

describe('a job', () => {
  test('gets a free slot at once', () => {
    const pool = new TestPool(member('a'))
    expect(pool.acquire('t1')).toEqual(['t1 on a'])
    expect(pool.state.leases).toEqual([
      { id: 1, backendId: 'a', predictedMs: 200, grantedAt: START, phase: 'running', endsAt: START + 65_000 },
    ])
  })

  test('waits while all slots are taken, and is served when one is free', () => {
    const pool = new TestPool(member('a', { slots: 2 }))
    expect([pool.acquire('t1'), pool.acquire('t2'), pool.acquire('t3')]).toEqual([
      ['t1 on a'],
      ['t2 on a'],
      [],
    ])
    expect(pool.end('free', 'a')).toEqual(['t3 on a'])
  })

  test('is served in turn', () => {
    const pool = new TestPool(member('a'))
    for (const ticket of ['t1', 't2', 't3', 't4']) pool.acquire(ticket)
    expect([pool.end('free', 'a'), pool.end('free', 'a'), pool.end('free', 'a')]).toEqual([
      ['t2 on a'],
      ['t3 on a'],
      ['t4 on a'],
    ])
  })

  test('does not hold up those behind it that another backend can serve', () => {
    const pool = new TestPool(member('a'), member('b', { models: ['flux'] }))
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.acquire('t3', { model: 'flux' })).toEqual(['t3 on b'])
  })

  test('C2: is taken out of the queue by its caller', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.step({ kind: 'cancel', ticket: 't2' })).toEqual(['t2: cancelled'])
    expect(pool.end('free', 'a')).toEqual([])
    expect(pool.step({ kind: 'cancel', ticket: 't2' })).toEqual([])
    expect(pool.step({ kind: 'cancel', ticket: 'unheard-of' })).toEqual([])
  })

  test('P2: that is asked for again under its ticket keeps its place and gets one slot', () => {
    const pool = new TestPool(member('a', { slots: 2 }))
    for (const ticket of ['t1', 't2', 't3', 't4', 't3']) pool.acquire(ticket)
    expect(pool.end('free', 'a')).toEqual(['t3 on a'])
    expect(pool.end('free', 'a')).toEqual(['t4 on a'])
    expect(pool.end('free', 'a')).toEqual([])
  })

  test('is refused at its deadline, to the millisecond', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1')
    pool.acquire('t2', { deadlineAt: START + 500 })
    expect(pool.wakeAt).toBe(START + 500)
    expect(pool.tickAt(START + 499)).toEqual([])
    expect(pool.tickAt(START + 500)).toEqual(['t2: deadline'])
  })

  test('is refused when its deadline is over before it comes, though a slot is free', () => {
    const pool = new TestPool(member('a'))
    expect(pool.acquire('t1', { deadlineAt: START })).toEqual(['t1: deadline'])
    expect(pool.acquire('t2', { deadlineAt: START - 1 })).toEqual(['t2: deadline'])
  })

  test.each([
    ['nobody serves its model', { model: 'flux' }, 'no-backend'],
    ['all that serve it had it already', { exclude: ['a', 'b'] }, 'exhausted'],
  ])('is refused at once where %s', (_, changes, reason) => {
    const pool = new TestPool(member('a'), member('b'))
    const [refusal] = pool.actions({ kind: 'acquire', job: job('t1', changes) })
    expect(refusal).toEqual({ kind: 'reject', ticket: 't1', reason, retryAfterMs: 0 })
    expect(pool.wakeAt).toBeUndefined()
  })

  test('is refused at once where everybody asked for more time than there is', () => {
    const pool = new TestPool(member('a'))
    pool.report('a', { kind: 'busy', retryAfterMs: 10_000 })
    const [refusal] = pool.actions({ kind: 'acquire', job: job('t1', { deadlineAt: START + 9_999 }) })
    expect(refusal).toEqual({ kind: 'reject', ticket: 't1', reason: 'deadline', retryAfterMs: 10_000 })
    expect(pool.acquire('t2', { deadlineAt: START + 10_001 })).toEqual([])
    expect(pool.tickAt(START + 10_000)).toEqual(['t2 on a'])
  })

  test('waits for the one backend that did not ask for time', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('t1', { exclude: ['a'] })
    pool.report('a', { kind: 'busy', retryAfterMs: 300_000 })
    expect(pool.acquire('t2')).toEqual([])
    expect(pool.end('free', 'b')).toEqual(['t2 on b'])
  })

  test('is refused where 256 wait already, with an estimate of the wait', () => {
    const pool = new TestPool(member('a'))
    for (let i = 0; i < 257; i++) expect(pool.acquire(`t${i}`)).toEqual(i === 0 ? ['t0 on a'] : [])
    const [refusal] = pool.actions({ kind: 'acquire', job: job('one-too-many') })
    expect(refusal).toEqual({
      kind: 'reject',
      ticket: 'one-too-many',
      reason: 'queue-full',
      retryAfterMs: 257 * 200,
    })
    expect(pool.step({ kind: 'cancel', ticket: 't7' })).toEqual(['t7: cancelled'])
    expect(pool.acquire('in-its-place')).toEqual([])
    // One that waits already may ask again, though the queue is full.
    expect(pool.acquire('t9')).toEqual([])
  })
})

describe('a backend', () => {
  test('that is down is avoided while the other is up, full as it may be', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', { kind: 'misconfigured' })
    expect(pool.acquire('t1')).toEqual(['t1 on b'])
    expect(pool.acquire('t2')).toEqual([])
    expect(pool.wakeAt).toBe(START + 60_000)
    expect(pool.end('free', 'b')).toEqual(['t2 on b'])
  })

  test('B35: that is down is tried when there is no other', () => {
    const pool = new TestPool(member('a'))
    pool.report('a', { kind: 'misconfigured' })
    expect(pool.acquire('t1')).toEqual(['t1 on a'])
  })

  test('comes back when its pause is over, to those who wait', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', { kind: 'hard' })
    pool.report('a', { kind: 'hard' })
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.wakeAt).toBe(START + 1_000)
    expect(pool.tickAt(START + 1_000)).toEqual(['t2 on a'])
  })

  test('that serves again is trusted at once', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.report('a', { kind: 'misconfigured' })
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.report('a', { kind: 'served' })).toEqual(['t2 on a'])
  })

  test('of another pool may be reported on without harm', () => {
    const pool = new TestPool(member('a'))
    const before = pool.state
    expect(pool.report('unheard-of', { kind: 'hard' })).toEqual([])
    expect(pool.state).toEqual(before)
  })

  test('takes turns with its equals', () => {
    const pool = new TestPool(member('a'), member('b'), member('c'))
    const order = ['t1', 't2', 't3', 't4', 't5', 't6'].map((ticket) => {
      const [granted = ''] = pool.acquire(ticket)
      pool.now++
      pool.end('free', granted.at(-1) ?? '')
      return granted.at(-1)
    })
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })
})

describe('a pool', () => {
  test('sleeps where nothing is pending', () => {
    const pool = new TestPool(member('a'))
    expect(pool.wakeAt).toBeUndefined()
    pool.report('a', { kind: 'misconfigured' })
    expect(pool.wakeAt).toBeUndefined()
    pool.acquire('t1')
    pool.end('free', 'a')
    expect(pool.wakeAt).toBeUndefined()
  })

  test('wakes for a lease that nobody gives back', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1')
    expect(pool.wakeAt).toBe(START + 65_000)
    pool.tickAt(START + 65_000)
    expect(pool.wakeAt).toBeUndefined()
  })
})
