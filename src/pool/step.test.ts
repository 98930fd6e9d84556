import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  backend,
  busy,
  frozen,
  HARD,
  job,
  known,
  member,
  pool,
  SERVED,
  SOFT,
  START,
  TestPool,
  task,
} from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { PoolEvent } from './events.ts'
import { lastCalls } from './selection.ts'
import { nextWakeAt, step } from './step.ts'

describe('a job', () => {
  test('gets a free slot at once', () => {
    expect(new TestPool(member('a')).acquire('t1')).toEqual(['t1 on a'])
  })

  test('waits while all slots are taken, and is served when one is free', () => {
    const one = new TestPool(member('a', { slots: 2 }))
    expect(['t1', 't2', 't3'].map((ticket) => one.acquire(ticket))).toEqual([['t1 on a'], ['t2 on a'], []])
    expect(one.end('free', 'a')).toEqual(['t3 on a'])
  })

  test('is sent ahead when the one before it is about to end, to the millisecond', () => {
    const one = new TestPool(backend('a', { times: { ...known(1_000), deadMs: 40 } }))
    one.acquire('t1')
    expect(one.acquire('t2')).toEqual([])
    // It starts when it is there, and the next one is sent as long before its end, and a little.
    expect(one.sleepUntil(START + 989)).toEqual([])
    expect(one.sleepUntil(START + 990)).toEqual(['t2 on a'])
    expect(one.backend('a').leases.map(({ phase }) => phase)).toEqual(['running', 'staged'])
    expect(one.acquire('t3')).toEqual([])
    expect(one.sleepUntil(START + 1_040)).toEqual([])
    const [first] = one.backend('a').leases
    const done = { decoded: true, attemptMs: 1_000, computeMs: 1_000 }
    one.step({ kind: 'free', backendId: 'a', leaseId: first?.id ?? 0, ...done })
    expect(one.sleepUntil(START + 1_989)).toEqual([])
    expect(one.sleepUntil(START + 1_990)).toEqual(['t3 on a'])
  })

  test('is not sent ahead behind one that is late, whose end nobody knows', () => {
    const one = new TestPool(backend('a', { times: known(200) }))
    one.acquire('t1')
    one.now = START + 500
    expect(one.acquire('t2')).toEqual([])
    expect(one.sleepUntil(START + 9_000)).toEqual([])
    expect(one.end('free', 'a')).toEqual(['t2 on a'])
  })

  test('does not hold up those behind it that another backend can serve', () => {
    const one = new TestPool(member('a'), member('b', { models: ['flux'] }))
    one.acquire('t1')
    one.acquire('t2')
    expect(one.acquire('t3', { model: 'flux' })).toEqual(['t3 on b'])
  })

  test('C2: is taken out of the queue by its caller, once', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1')
    one.acquire('t2')
    const [refusal] = one.actions({ kind: 'cancel', ticket: 't2' })
    expect(refusal).toEqual({ kind: 'reject', ticket: 't2', reason: 'cancelled', retryAfterMs: 0 })
    expect(one.step({ kind: 'cancel', ticket: 't2' })).toEqual([])
    expect(one.step({ kind: 'cancel', ticket: 't1' })).toEqual([])
    expect(one.step({ kind: 'cancel', ticket: 'unheard-of' })).toEqual([])
    expect(one.end('free', 'a')).toEqual([])
  })

  test('P2: that is asked for again under its ticket keeps its place and gets one slot', () => {
    const one = new TestPool(member('a', { slots: 2 }))
    for (const ticket of ['t1', 't2', 't3', 't4']) {
      one.acquire(ticket)
      one.now++
    }
    expect(one.acquire('t3')).toEqual([])
    expect(['a', 'a', 'a'].map((id) => one.end('free', id))).toEqual([['t3 on a'], ['t4 on a'], []])
  })

  test('is refused when its deadline is over before it comes, though a slot is free', () => {
    const one = new TestPool(member('a'))
    expect(one.acquire('t1', { deadlineAt: START })).toEqual(['t1: deadline'])
    expect(one.acquire('t2', { deadlineAt: START - 1 })).toEqual(['t2: deadline'])
    expect(one.backend('a').leases).toEqual([])
  })

  test('B19: waits for a backend that asked for time, and is sent at once when it turns out that it has it', () => {
    const one = new TestPool(member('a'))
    one.report('a', busy(700))
    expect(one.acquire('t1')).toEqual(['a? decode sdxl'])
    expect(one.sleepUntil(START + 699)).toEqual([])
    expect(one.sleepUntil(START + 700)).toEqual(['t1 on a'])
    const soon = new TestPool(member('a'))
    soon.report('a', busy(700))
    soon.acquire('t1')
    expect(soon.probed('a', 'decode', 'passed', 'sdxl')).toEqual(['t1 on a'])
  })

  test('B34: is not sent to a backend that still decodes for somebody who left', () => {
    const one = new TestPool(member('a', { abortable: false }))
    one.acquire('t1', { predictedMs: 1_000 })
    one.acquire('t2')
    expect(one.end('abandon', 'a')).toEqual([])
    expect(one.sleepUntil(START + 1_000)).toEqual([])
    expect(one.sleepUntil(START + 2_000)).toEqual(['t2 on a'])
  })

  test('C3: is sent at once to one that stops with its connection', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1', { predictedMs: 1_000 })
    one.acquire('t2')
    expect(one.end('abandon', 'a')).toEqual(['t2 on a'])
  })
})

describe('a lease', () => {
  test('that is unknown or over may be freed, renewed or abandoned without harm', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1')
    const { backends } = one.state
    for (const backendId of ['a', 'unheard-of']) {
      for (const kind of ['renew', 'abandon'] as const) one.step({ kind, backendId, leaseId: 77 })
      one.step({ kind: 'free', backendId, leaseId: 77, decoded: true })
    }
    expect(one.state.backends).toEqual(backends)
    expect(one.state.budget.retryMs).toBe(0)
  })

  test('earns for second tries when something was decoded', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1')
    const leaseId = one.backend('a').leases[0]?.id ?? 0
    const nothing = structuredClone(one.state)
    one.step({ kind: 'free', backendId: 'a', leaseId, decoded: false })
    expect(one.state.budget.retryMs).toBe(0)
    one.state = nothing
    one.step({ kind: 'free', backendId: 'a', leaseId, decoded: true })
    expect(one.state.budget.retryMs).toBeGreaterThan(0)
  })

  test('P10: that nobody gives back is over by itself, and the next job is served', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1', { deadlineAt: START + 5_000 })
    one.acquire('t2', { deadlineAt: START + 50_000 })
    expect(one.sleepUntil(START + 60_000)).toContain('t2 on a')
  })

  test('lasts as long as its holder says that it is at it', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1', { deadlineAt: START + 1_000 })
    const leaseId = one.backend('a').leases[0]?.id ?? 0
    for (let index = 0; index < 20; index++) {
      one.sleepUntil(one.now + 5_000)
      one.step({ kind: 'renew', backendId: 'a', leaseId })
    }
    expect(one.backend('a').leases).toHaveLength(1)
    one.sleepUntil(one.now + 60_000)
    expect(one.backend('a').leases).toEqual([])
  })

  test('P2: of the former life of the pool holds its slot', () => {
    const one = new TestPool(member('a'))
    one.step({ kind: 'adopt', backendId: 'a', predictedMs: 5_000, elapsedMs: 100 })
    expect(one.acquire('t1')).toEqual([])
    expect(one.end('free', 'a')).toEqual(['t1 on a'])
    one.step({ kind: 'adopt', backendId: 'unheard-of', predictedMs: 1, elapsedMs: 1 })
    const ids = one.state.backends.flatMap(({ leases }) => leases.map(({ id }) => id))
    expect(one.state.nextLeaseId).toBeGreaterThan(Math.max(...ids))
  })
})

describe('a backend', () => {
  test('B31: that answers at once and badly is left alone after three jobs', () => {
    const one = new TestPool(member('bad'), member('good'))
    let bad = 0
    for (let index = 0; index < 200; index++) {
      one.now += 20
      const done = one.acquire(`t${index}`)
      const id = done
        .find((each) => each.includes(' on '))
        ?.split(' ')
        .at(-1)
      if (!id) continue
      if (id === 'bad') bad++
      const probes = [...one.report(id, id === 'bad' ? SOFT : SERVED), ...one.end('free', id)]
      if (probes.includes('bad? decode sdxl')) one.probed('bad', 'decode', 'failed', 'sdxl')
    }
    expect(bad).toBeLessThanOrEqual(3)
  })

  test('B30: that is ten times slower gets a tenth of the jobs, or less', () => {
    const one = new TestPool(member('slow'), member('fast'))
    const counts = { slow: 0, fast: 0 }
    const ends = new Map<string, number>()
    for (let index = 0; index < 500; index++) {
      one.now += 200
      for (const id of ['slow', 'fast'] as const) {
        const [running] = one.backend(id).leases
        if (!running || (ends.get(`${id} ${running.id}`) ?? 0) > one.now) continue
        const computeMs = id === 'slow' ? 2_000 : 200
        const found = { backendId: id, leaseId: running.id, decoded: true, computeMs }
        const granted = one.step({ kind: 'free', ...found })
        note(granted)
      }
      note(one.acquire(`t${index}`))
    }
    function note(done: readonly string[]): void {
      for (const id of ['slow', 'fast'] as const) {
        if (!done.some((one) => one.endsWith(` on ${id}`))) continue
        counts[id]++
        for (const { id: leaseId } of one.backend(id).leases)
          ends.set(
            `${id} ${leaseId}`,
            ends.get(`${id} ${leaseId}`) ?? one.now + (id === 'slow' ? 2_000 : 200),
          )
      }
    }
    expect(counts.fast + counts.slow).toBeGreaterThan(400)
    expect(counts.slow).toBeLessThan(0.15 * counts.fast)
  })

  test('B33: is not lost to a job that fails everywhere', () => {
    const one = new TestPool(member('a'), member('b'))
    for (let index = 0; index < 10; index++) {
      one.acquire(`t${index}`)
      for (const id of ['a', 'b']) if (one.backend(id).leases.length > 0) one.end('free', id)
    }
    one.acquire('poison')
    one.report('a', SOFT)
    one.end('free', 'a')
    const failures = [{ backendId: 'a', signature: 'error' as const }]
    one.acquire('poison', { purpose: 'retry', exclude: ['a'], failures })
    one.report('b', SOFT)
    one.end('free', 'b')
    failures.push({ backendId: 'b', signature: 'error' })
    const third = one.acquire('poison', { purpose: 'retry', exclude: ['a', 'b'], failures })
    expect(third).toEqual(['poison: repeated'])
    expect(['a', 'b'].map((id) => one.health(id))).toEqual(['usable', 'usable'])
  })

  test('takes turns with its equals', () => {
    const one = new TestPool(member('a'), member('b'), member('c'))
    const order = ['t1', 't2', 't3', 't4', 't5', 't6'].map((ticket) => {
      const [granted = ''] = one.acquire(ticket)
      one.now++
      one.end('abandon', granted.at(-1) ?? '')
      return granted.at(-1)
    })
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })
})

describe('a pool', () => {
  test('sleeps where nothing is pending', () => {
    const one = new TestPool(member('a'))
    expect(one.wakeAt).toBeUndefined()
    one.acquire('t1')
    one.end('free', 'a')
    expect(one.wakeAt).toBeUndefined()
  })

  test('wakes for a lease, for a deadline, for a pause and for a state that ends', () => {
    const one = new TestPool(member('a'))
    one.acquire('t1')
    expect(one.wakeAt).toBe(one.backend('a').leases[0]?.expiresAt)
    for (const ticket of ['t2', 't3']) one.acquire(ticket, { deadlineAt: START + 1_000 })
    const lastCall = lastCalls([one.backend('a')])(job('t2'), START + 1_000)
    expect(lastCall).toBeGreaterThan(START + 500)
    one.sleepUntil(lastCall - 1)
    expect(one.wakeAt).toBe(lastCall)
    const paused = new TestPool(backend('a', { tasks: [task({ pausedUntil: START + 300 })] }))
    paused.acquire('t1')
    expect(paused.wakeAt).toBe(START + 300)
    const ejected = task({ health: { kind: 'ejected', until: START + 400 } })
    const out = new TestPool(backend('a', { tasks: [ejected] }), member('b'))
    expect(out.wakeAt).toBeUndefined()
    out.acquire('asks')
    expect(out.wakeAt).toBe(START + 400)
  })

  test('looks once a second at a backend that is late while jobs wait for it', () => {
    const one = new TestPool(backend('a', { times: known(200) }))
    one.acquire('t1')
    one.acquire('t2')
    one.now = START + 5_000
    let looks = 0
    for (let at = one.wakeAt; at !== undefined && at < START + 9_000; at = one.wakeAt) {
      looks++
      expect(one.tickAt(at)).toEqual([])
    }
    expect(looks).toBeLessThanOrEqual(4)
  })

  test('never wakes in the same millisecond', () => {
    const state = pool([backend('a', { tasks: [task({ pausedUntil: START - 5 })] })], {
      lanes: [{ key: 'k', isLong: false, deficitMs: 0, jobs: [job('t', { deadlineAt: START - 9 })] }],
    })
    expect(nextWakeAt(state, START)).toBe(START + 1)
  })

  test('is a function: the same state and event end alike, and neither is changed', () => {
    const events = fc.constantFrom<PoolEvent>(
      { kind: 'acquire', job: job('t1') },
      { kind: 'acquire', job: job('t2', { model: 'flux', purpose: 'hedge' }) },
      { kind: 'cancel', ticket: 't1' },
      { kind: 'free', backendId: 'a', leaseId: 1, decoded: true, attemptMs: 90, computeMs: 80 },
      { kind: 'renew', backendId: 'a', leaseId: 1 },
      { kind: 'abandon', backendId: 'a', leaseId: 1 },
      { kind: 'adopt', backendId: 'a', predictedMs: 100, elapsedMs: 50 },
      { kind: 'report', backendId: 'a', leaseId: 1, evidence: HARD },
      { kind: 'probed', backendId: 'a', test: 'decode', result: 'failed' },
      { kind: 'operate', backendId: 'a', order: 'enable' },
      { kind: 'tick' },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(events, fc.nat({ max: 3_000 })), { maxLength: 30 }), (all) => {
        let state = frozen(pool([backend('a'), backend('b', { models: ['flux'] })]))
        let now = START
        for (const [event, ms] of all) {
          now += ms
          const once = step(state, frozen(event), now)
          expect(step(structuredClone(state), structuredClone(event), now)).toEqual(once)
          state = frozen(once[0])
        }
      }),
      seeded,
    )
  })
})
