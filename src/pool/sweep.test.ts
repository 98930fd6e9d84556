import { describe, expect, test } from 'vitest'
import {
  backend,
  COLD,
  job,
  known,
  lease,
  member,
  pool,
  START,
  TestPool,
  task,
  UNREACHABLE,
} from '../../test/support/pool.ts'
import { elapseAll, rejectStranded } from './sweep.ts'
import { taskOf } from './task-health.ts'

const over = lease({
  grantedAt: START - 9_000,
  startsAt: START - 9_000,
  endsAt: START - 8_800,
  expiresAt: START,
})

describe('time', () => {
  test('changes nothing where nothing is due', () => {
    const quiet = pool([backend('a', { leases: [lease()] }), backend('b')])
    expect(elapseAll(quiet, START)).toBe(quiet)
  })

  test('ends leases and pauses, of each backend its own', () => {
    const ejected = task({ health: { kind: 'ejected', until: START } })
    const due = pool([backend('a', { leases: [over] }), backend('b', { tasks: [ejected] }), backend('c')])
    const [a, b, c] = elapseAll(due, START).backends
    expect([a?.leases, a?.tasks[0]?.record.hard, b?.tasks[0]?.health.kind]).toEqual([[], 1, 'half-open'])
    expect(c).toBe(due.backends[2])
  })

  test('P10: has a backend looked into whose leases are never given back', () => {
    const one = new TestPool(
      backend('a', { leases: [over] }),
      backend('b', { leases: [over, { ...over, id: 2 }] }),
    )
    one.acquire('asks')
    expect(taskOf(one.backend('a'), 'sdxl').suspicion).toBeNull()
    expect(taskOf(one.backend('b'), 'sdxl').suspicion).toMatchObject({ isProbing: true })
    expect(['a', 'b'].map((id) => one.health(id))).toEqual(['usable', 'usable'])
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
    const one = new TestPool(backend('a', { times: known(200) }))
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

  /** The backend went away twice of late, so that it is not expected back in a moment. */
  const goneBefore = (one: TestPool): TestPool => {
    const record = { ...one.backend('a').record, relapses: 3, relapsedAt: START }
    one.state = {
      ...one.state,
      backends: one.state.backends.map((each) => (each.id === 'a' ? { ...each, record } : each)),
    }
    return one
  }

  test('B35: waits for one that went away for the first time, as it may be back in a moment', () => {
    const one = waiting()
    one.report('a', UNREACHABLE, UNREACHABLE)
    expect(one.probed('a', 'health', 'failed')).toEqual([])
    expect(one.queued).toEqual(['t'])
  })

  test('B35: is refused as soon as a look of our own finds that all backends are gone', () => {
    const one = goneBefore(waiting())
    expect(one.report('a', UNREACHABLE, UNREACHABLE)).toEqual(['a? health'])
    expect(one.probed('a', 'health', 'failed')).toEqual(['t: down'])
  })

  test('B35: is refused when all that may have it are gone, whoever else is there', () => {
    const one = goneBefore(waiting(['b']))
    one.report('a', UNREACHABLE, UNREACHABLE)
    expect(one.probed('a', 'health', 'failed')).toEqual(['t: down'])
  })

  test('is refused when the operator takes out the last', () => {
    expect(waiting().operate('a', 'disable')).toEqual(['t: down'])
    expect(waiting().operate('a', 'drain')).toEqual(['t: down'])
  })

  test('B12: is refused when all turn out to be too small for it while it waits', () => {
    const one = new TestPool(member('a'))
    one.acquire('running')
    expect(one.acquire('t', { deadlineAt: START + 4_000 })).toEqual([])
    const evidence = { kind: 'out-of-memory', model: 'sdxl', predictedMs: 100 } as const
    const leaseId = one.backend('a').leases[0]?.id ?? 0
    expect(one.step({ kind: 'report', backendId: 'a', leaseId, evidence })).toEqual(['t: too-large'])
  })

  test('B18: waits on for one that fell asleep, until its deadline', () => {
    const one = waiting()
    expect(one.report('a', COLD)).toEqual(['a? wake'])
    expect(one.sleepUntil(START + 59_000)).toEqual([])
    expect(one.sleepUntil(START + 60_000)).toEqual(['t: cold'])
  })

  test('FA5: waits for a start as long as its backend allows where its client set no deadline, though it came before', () => {
    const one = new TestPool(member('a', { coldStartWaitMs: 300_000 }))
    one.acquire('running')
    one.acquire('t1', { waitsForStart: true })
    one.acquire('t2', { waitsForStart: true })
    one.acquire('hurried', { deadlineAt: START + 20_000 })
    expect(one.report('a', COLD)).toEqual(['a? wake'])
    one.end('free', 'a')
    expect(one.sleepUntil(START + 290_000)).toEqual(['hurried: cold'])
    expect(one.probed('a', 'wake', 'passed')).toEqual(['t1 on a'])
    one.report('a', { kind: 'served', model: 'sdxl' })
    expect(one.end('free', 'a')).toEqual(['t2 on a'])
  })

  test('FA5: that waited for a start in vain is told when to come back', () => {
    const one = new TestPool(
      backend('a', {
        coldStartWaitMs: 300_000,
        times: { ...known(200), coldStart: { meanMs: 400_000, leastMs: 400_000 } },
        health: { kind: 'cold', since: START, tries: 0, wakeAt: START },
      }),
    )
    const [wake] = one.acquire('t', { waitsForStart: true })
    expect(wake).toBe('a? wake')
    one.now = START + 300_000
    const [refusal] = one.actions({ kind: 'tick' })
    expect(refusal).toMatchObject({ kind: 'reject', reason: 'cold' })
    const { retryAfterMs } = refusal as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThanOrEqual(90_000)
    expect(retryAfterMs).toBeLessThanOrEqual(130_000)
  })

  test('waits on while some backend is tried or suspect', () => {
    const state = pool(
      [
        backend('a', { health: { kind: 'half-open', isProbing: true } }),
        backend('b', {
          models: ['flux'],
          tasks: [task({ task: 'flux', health: { kind: 'ejected', until: START + 1 } })],
        }),
      ],
      {
        lanes: [{ key: 'k', isLong: false, deficitMs: 0, jobs: [job('t1'), job('t2', { model: 'flux' })] }],
      },
    )
    expect(rejectStranded(state, START)).toEqual([state, []])
  })
})
