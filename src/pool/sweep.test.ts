import { describe, expect, test } from 'vitest'
import { backend, job, lease, member, pool, START, TestPool } from '../../test/support/pool.ts'
import type { Health } from './health-states.ts'
import { UNKNOWN_PACE } from './initial.ts'
import { elapseAll, rejectStranded } from './sweep.ts'

const over = lease({ expiresAt: START, startsAt: START - 9_000, grantedAt: START - 9_000 })

describe('time', () => {
  test('changes nothing where nothing is due', () => {
    const quiet = pool([backend('a', { leases: [lease()] }), backend('b')])
    expect(elapseAll(quiet, START)).toBe(quiet)
  })

  test('ends leases and pauses, of each backend its own', () => {
    const ejected: Health = { kind: 'ejected', until: START }
    const due = pool([backend('a', { leases: [over] }), backend('b', { health: ejected }), backend('c')])
    const [a, b, c] = elapseAll(due, START).backends
    expect([a?.leases, a?.record.soft, b?.health.kind]).toEqual([[], 1, 'half-open'])
    expect(c).toBe(due.backends[2])
  })

  test('P10: speaks against a backend whose leases are never given back', () => {
    const record = { ...backend('a').record, soft: 2 }
    const due = pool([backend('a', { leases: [over], record }), backend('b')])
    expect(elapseAll(due, START).backends[0]?.health.kind).toBe('ejected')
  })

  test('takes out no more of them in one moment than one after the other', () => {
    const record = { ...backend('a').record, soft: 2 }
    const due = pool(['a', 'b'].map((id) => backend(id, { leases: [over], record })))
    const kinds = elapseAll(due, START).backends.map(({ health }) => health.kind)
    expect(kinds).toEqual(['ejected', 'usable'])
  })
})

describe('a job in the queue', () => {
  /** One slot, taken, and a job behind it. */
  const waiting = (...others: Parameters<typeof member>[]): TestPool => {
    const one = new TestPool(member('a'), ...others.map((args) => member(...args)))
    one.acquire('running')
    expect(one.acquire('t', { exclude: others.map(([id]) => id) })).toEqual([])
    return one
  }

  test('is refused when it cannot be done any more by its deadline, to the millisecond', () => {
    const pace = { ...UNKNOWN_PACE, samples: 100 }
    const one = new TestPool(backend('a', { pace }))
    one.acquire('running')
    one.acquire('t', { deadlineAt: START + 700 })
    expect(one.tickAt(START + 499)).toEqual([])
    expect(one.tickAt(START + 500)).toEqual(['t: deadline'])
  })

  test('is given the benefit of the doubt where nobody knows how fast its backend is', () => {
    const one = new TestPool(member('a'))
    one.acquire('running')
    one.acquire('t', { deadlineAt: START + 700 })
    expect(one.tickAt(START + 600)).toEqual([])
    expect(one.tickAt(START + 700)).toEqual(['t: deadline'])
  })

  test('that waited in vain makes the pool less hopeful', () => {
    const one = waiting()
    one.now += 60_000
    expect(one.step({ kind: 'tick' })).toContain('t: deadline')
    expect(one.state.traffic.pessimism).toBeGreaterThan(1)
  })

  test('B35: is refused at once when all backends are gone', () => {
    expect(waiting().report('a', { kind: 'hard' }, { kind: 'hard' })).toEqual(['t: down'])
  })

  test('B35: is refused at once when all that may have it are gone, whoever else is there', () => {
    expect(waiting(['b']).report('a', { kind: 'misconfigured' })).toEqual(['t: down'])
  })

  test('is refused when the operator takes out the last', () => {
    expect(waiting().operate('a', 'disable')).toEqual(['t: down'])
    expect(waiting().operate('a', 'drain')).toEqual(['t: down'])
  })

  test('B12: is refused when all turn out to be too small for it while it waits', () => {
    const oom = { kind: 'out-of-memory', model: 'sdxl', predictedMs: 100 } as const
    expect(waiting().report('a', oom)).toEqual(['t: too-large'])
  })

  test('B18: waits on for one that fell asleep if there is time, and is refused if not', () => {
    const soon = waiting()
    expect(soon.report('a', { kind: 'cold' })).toContain('t: cold')
    const later = new TestPool(member('a'))
    later.acquire('running')
    later.acquire('t', { deadlineAt: START + 600_000 })
    expect(later.report('a', { kind: 'cold' })).toEqual(['a? wake'])
  })

  test('waits on while some backend is tried or suspect', () => {
    const state = pool(
      [
        backend('a', { health: { kind: 'half-open', isProbing: true } }),
        backend('b', { models: ['flux'], health: { kind: 'ejected', until: START + 1 } }),
      ],
      {
        lanes: [{ key: 'k', isLong: false, deficitMs: 0, jobs: [job('t1'), job('t2', { model: 'flux' })] }],
      },
    )
    expect(rejectStranded(state, START)).toEqual([state, []])
  })
})
