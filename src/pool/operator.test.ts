import { describe, expect, test } from 'vitest'
import {
  backend,
  busy,
  COLD,
  HARD,
  lease,
  member,
  REFUSED,
  SERVED,
  START,
  TestPool,
  task,
} from '../../test/support/pool.ts'
import { operate } from './operator.ts'

describe('the operator', () => {
  test.each(['drain', 'disable'] as const)('may %s a backend, which lets what runs end', (order) => {
    const before = backend('a', { leases: [lease()] })
    const after = operate(before, order)
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
    pool.report('a', busy(60_000))
    pool.operate('a', 'disable')
    expect(pool.acquire('t1')).toEqual(['t1: no-backend'])
    expect(pool.operate('a', 'enable')).toEqual(['a? decode'])
    expect(pool.acquire('t2')).toEqual([])
    expect(pool.probed('a', 'decode', 'passed')).toEqual(['t2 on a'])
  })

  test('does not send back to its trial one that serves already, and forgets what was held against its tasks', () => {
    for (const health of [
      { kind: 'usable' },
      { kind: 'slow-start', since: START, served: 1 },
      { kind: 'half-open', isProbing: true },
    ] as const) {
      const held = [task({ pausedUntil: START + 9_000, health: { kind: 'ejected', until: START + 9_000 } })]
      expect(operate(backend('a', { health, tasks: held }), 'enable')).toEqual(backend('a', { health }))
    }
  })

  test('has a backend looked at though nobody waits for it, in the way that tells most of its state', () => {
    const cold = { kind: 'cold', since: START, tries: 3, wakeAt: START + 9_000 } as const
    const down = { kind: 'down', until: START + 60_000, probeAt: START + 60_000, isSure: true } as const
    const pool = new TestPool(
      backend('usable'),
      backend('down', { health: down }),
      backend('cold', { health: cold }),
      backend('half-open', { health: { kind: 'half-open', isProbing: false } }),
      backend('drained', { health: { kind: 'drained' } }),
    )
    expect(pool.state.backends.map(({ id }) => pool.operate(id, 'probe'))).toEqual([
      ['usable? health'],
      ['down? health'],
      ['cold? wake'],
      ['half-open? decode'],
      ['drained? health'],
    ])
    expect(pool.state.backends.map(({ health }) => health.kind)).toEqual(
      pool.state.backends.map(({ id }) => id),
    )
    // What is under way is not begun again.
    expect([pool.operate('cold', 'probe'), pool.operate('half-open', 'probe')]).toEqual([[], []])
  })

  test('sees a backend stay as it was when a look at it tells nothing new', () => {
    for (const result of ['passed', 'asleep', 'failed'] as const) {
      const pool = new TestPool(member('a'), backend('b', { health: { kind: 'drained' } }))
      const { state } = pool
      for (const id of ['a', 'b']) {
        pool.operate(id, 'probe')
        pool.probed(id, 'health', result)
      }
      expect(pool.state.backends).toEqual(state.backends)
    }
  })

  test('is not overruled by what leases report', () => {
    const pool = new TestPool(member('a', { scaleToZero: true }))
    pool.operate('a', 'drain')
    pool.report('a', SERVED, HARD, COLD, REFUSED)
    expect(pool.health('a')).toBe('drained')
    pool.operate('a', 'disable')
    pool.report('a', SERVED, HARD, COLD, REFUSED)
    expect(pool.health('a')).toBe('disabled')
  })
})
