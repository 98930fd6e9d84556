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
  UNREACHABLE,
} from '../../test/support/pool.ts'
import type { Health } from './health-states.ts'
import { probed } from './probing.ts'

const asleep = (id: string, changes = {}) =>
  backend(id, {
    scaleToZero: true,
    health: { kind: 'cold', since: START, tries: 0, wakeAt: START },
    ...changes,
  })
const LATER = { deadlineAt: START + 600_000 }
const MINUTE = 60_000

describe('a backend that is down', () => {
  test('is looked at once at once, and tried when its pause is over', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('t1')
    expect(pool.report('b', UNREACHABLE, UNREACHABLE)).toEqual(['b? health'])
    pool.probed('b', 'health', 'failed')
    // Two seconds are longer than its first pause, after which it is tried.
    expect(pool.sleepUntil(START + 1_000)).toEqual(['b? decode'])
    expect(pool.probed('b', 'decode', 'failed')).toEqual([])
    expect(pool.health('b')).toBe('down')
    expect(pool.sleepUntil(START + 60_000)).toContain('b? decode')
  })

  test('FB4: is back before anything is refused where only a request had ended its own connections', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('t1')
    pool.acquire('t2')
    expect(pool.report('a', UNREACHABLE, UNREACHABLE)).toEqual(['a? health'])
    pool.end('free', 'a')
    expect(pool.acquire('t3')).toEqual([])
    expect(pool.queued).toEqual(['t2', 't3'])
    expect(pool.probed('a', 'health', 'passed')).toEqual(['t2 on a'])
  })

  test('B35: is tried at once when it is there again', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('asks')
    pool.end('free', 'a')
    for (const _ of [1, 2, 3, 4]) {
      pool.report('a', UNREACHABLE, UNREACHABLE)
      pool.sleepUntil(pool.now + MINUTE)
      pool.probed('a', 'decode', 'failed')
    }
    const probes = pool.sleepUntil(pool.now + 2_000)
    expect(probes).toEqual(['a? health'])
    expect(pool.probed('a', 'health', 'failed')).toEqual([])
    expect(pool.sleepUntil(pool.now + 2_000)).toEqual(['a? health'])
    expect(pool.probed('a', 'health', 'passed')).toEqual(['a? decode'])
    expect(pool.probed('a', 'decode', 'passed')).toEqual([])
    expect(pool.acquire('t1')).toEqual(['t1 on a'])
  })

  test('is left alone when nobody has asked for five minutes, until somebody does', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('asks')
    pool.end('free', 'a')
    pool.report('b', UNREACHABLE, UNREACHABLE)
    pool.probed('b', 'health', 'failed')
    expect(pool.sleepUntil(START + 5 * MINUTE)).toContain('b? decode')
    expect(pool.probed('b', 'decode', 'failed')).toEqual([])
    expect(pool.sleepUntil(START + 60 * MINUTE)).toEqual([])
    expect(pool.wakeAt).toBeUndefined()
    expect(pool.acquire('t1', { predictedMs: 900 })).toEqual(['t1 on a', 'b? decode'])
  })

  test('is tried by a short job that waits, with no probe beside it', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('asks')
    pool.end('free', 'a')
    pool.report('a', UNREACHABLE, UNREACHABLE)
    pool.tickAt(START + 500)
    // Somebody waits for it as soon as it is half-open.
    pool.state = {
      ...pool.state,
      backends: [{ ...pool.backend('a'), health: { kind: 'half-open', isProbing: false } }],
    }
    expect(pool.acquire('t1', { predictedMs: 100 })).toEqual(['t1 on a'])
    expect(pool.report('a', SERVED)).toEqual([])
    expect(pool.health('a')).toBe('slow-start')
  })

  test('is probed when the job that tried it says nothing', () => {
    const pool = new TestPool(backend('a', { health: { kind: 'half-open', isProbing: false } }))
    expect(pool.acquire('t1', { predictedMs: 100 })).toEqual(['t1 on a'])
    expect(pool.end('abandon', 'a')).toEqual(['a? decode'])
  })

  test('is not tried by a long job, which waits for the probe', () => {
    const pool = new TestPool(backend('a', { health: { kind: 'half-open', isProbing: false } }))
    expect(pool.acquire('long', { predictedMs: 9_000 })).toEqual(['a? decode'])
    expect(pool.acquire('short', { predictedMs: 100 })).toEqual([])
    expect(pool.probed('a', 'decode', 'passed')[0]).toBe('short on a')
  })

  test('is not probed while a decode may still run on it', () => {
    const draining = lease({ phase: 'draining', endsAt: START + 900, expiresAt: START + 900 })
    const pool = new TestPool(
      backend('a', { health: { kind: 'half-open', isProbing: false }, leases: [draining] }),
    )
    expect(pool.acquire('t1')).toEqual([])
    expect(pool.sleepUntil(START + 899)).toEqual([])
    expect(pool.sleepUntil(START + 900)).toEqual(['t1 on a'])
  })
})

describe('a backend that is asleep', () => {
  test('B18: is woken by the first job, once, and the job waits for it', () => {
    const pool = new TestPool(member('a', { scaleToZero: true }))
    pool.report('a', COLD)
    expect(pool.acquire('t1', LATER)).toEqual(['a? wake'])
    expect(pool.acquire('t2', LATER)).toEqual([])
    expect(pool.sleepUntil(START + 30_000)).toEqual([])
    pool.now = START + 40_000
    expect(pool.probed('a', 'wake', 'passed')).toEqual(['t1 on a'])
    expect(pool.report('a', SERVED)).toEqual([])
    expect(pool.end('free', 'a')).toEqual(['t2 on a'])
  })

  test('FA5: is asked twice a second while jobs wait for it, so that they are served within a second', () => {
    const pool = new TestPool(asleep('a'))
    expect(pool.acquire('t1', LATER)).toEqual(['a? wake'])
    for (let index = 0; index < 100; index++) {
      expect(pool.probed('a', 'wake', 'asleep')).toEqual([])
      const before = pool.now
      for (let done: string[] = []; done.length === 0; ) {
        expect(pool.wakeAt).toBeDefined()
        done = pool.tickAt(pool.wakeAt ?? 0)
      }
      expect(pool.now - before).toBeLessThanOrEqual(600)
    }
  })

  test('is asked every ten seconds while there is demand and no job that waits', () => {
    const pool = new TestPool(asleep('a'))
    pool.acquire('t1', LATER)
    pool.step({ kind: 'cancel', ticket: 't1' })
    pool.probed('a', 'wake', 'asleep')
    expect(pool.sleepUntil(START + 8_000 - 1)).toEqual([])
    expect(pool.sleepUntil(START + 12_000)).toEqual(['a? wake'])
  })

  test('B18: is not woken while another serves and nobody waits', () => {
    const pool = new TestPool(member('a'), asleep('b'))
    expect(pool.acquire('t1')).toEqual(['t1 on a'])
    pool.end('free', 'a')
    expect(pool.sleepUntil(START + 10_000)).toEqual([])
    expect(pool.acquire('t2')).toEqual(['t2 on a'])
  })

  test('B18: is woken beside others when more waits than they can do', () => {
    const pool = new TestPool(member('a'), asleep('b'), asleep('c'))
    const woken: string[] = []
    for (let index = 0; index < 10; index++)
      woken.push(...pool.acquire(`t${index}`, { ...LATER, predictedMs: 6_000 }))
    expect(woken).toContain('b? wake')
    const all = woken.filter((one) => one.endsWith('wake'))
    expect(all).toEqual([...new Set(all)])
  })

  test('B18: keeps no other from being woken when it never starts', () => {
    const pool = new TestPool(asleep('a'), asleep('b'))
    expect(pool.acquire('t0', LATER)).toEqual(['a? wake'])
    const probes: string[] = []
    let found: string[] = pool.probed('a', 'wake', 'failed')
    for (let index = 0; index < 2_000 && !probes.includes('b? wake'); index++) {
      probes.push(...found)
      if (found.includes('a? wake')) found = pool.probed('a', 'wake', 'failed')
      else if (pool.wakeAt) found = pool.tickAt(pool.wakeAt)
    }
    expect(probes).toContain('b? wake')
  })

  test('B18: has its cold start learnt, from when it was asked to start', () => {
    const pool = new TestPool(asleep('a'))
    expect(pool.backend('a').times.coldStart).toBeNull()
    // It has been asleep for hours before anybody asks.
    pool.now = START + 600 * MINUTE
    pool.acquire('t1', { deadlineAt: pool.now + 10 * MINUTE })
    pool.now += 30_000
    pool.probed('a', 'wake', 'passed')
    expect(pool.backend('a').times.coldStart).toEqual({ meanMs: 30_000, leastMs: 30_000 })
  })

  test('is tried by a decode of our own when no short job waits, and asleep again if that says so', () => {
    const pool = new TestPool(asleep('a'))
    pool.acquire('t1', { ...LATER, predictedMs: 9_000 })
    expect(pool.probed('a', 'wake', 'passed')).toEqual(['a? decode'])
    expect(pool.probed('a', 'decode', 'asleep')).toEqual(['a? wake'])
    expect(pool.health('a')).toBe('cold')
  })
})

describe('a task in doubt', () => {
  const accused = (...tasks: string[]): TestPool => {
    const pool = new TestPool(member('a', { models: ['sdxl', 'flux'] }), member('b'))
    pool.acquire('asks')
    pool.end('free', 'a')
    for (const model of tasks) pool.report('a', { kind: 'hard', model })
    return pool
  }

  test('is decoded for at once where its backend is idle', () => {
    const pool = accused()
    expect(pool.report('a', HARD)).toEqual(['a? decode sdxl'])
    expect(pool.report('a', HARD)).toEqual([])
  })

  test('waits for the end of what runs, and for that of another', () => {
    const pool = accused()
    pool.acquire('t1', { exclude: ['b'] })
    expect(pool.report('a', HARD, { kind: 'hard', model: 'flux' })).toEqual([])
    expect(pool.end('abandon', 'a')).toEqual(['a? decode sdxl'])
    expect(pool.probed('a', 'decode', 'failed', 'sdxl')).toEqual(['a? decode flux'])
    pool.probed('a', 'decode', 'passed', 'flux')
    expect([pool.health('a', 'sdxl'), pool.health('a', 'flux')]).toEqual(['ejected', 'usable'])
  })

  test('gets no jobs while another backend serves it, and is let alone where none does', () => {
    const pool = accused('sdxl')
    expect(pool.acquire('t1')).toEqual(['t1 on b'])
    expect(pool.acquire('t2', { exclude: ['b'] })).toEqual(['t2 on a'])
  })

  test('is cleared by a good answer to any request', () => {
    const pool = accused()
    pool.acquire('t1', { exclude: ['b'] })
    pool.report('a', HARD)
    pool.report('a', SERVED)
    expect(pool.end('free', 'a')).toEqual([])
  })

  test('is decoded for within its time on a backend that jobs of other tasks keep busy', () => {
    const pool = accused()
    const flux = { model: 'flux', predictedMs: 1_000 }
    pool.acquire('f0', flux)
    pool.report('a', HARD)
    const done: string[] = []
    for (let index = 1; index <= 8; index++) {
      done.push(...pool.acquire(`f${index}`, flux), ...pool.sleepUntil(START + 1_000 * index))
      done.push(...pool.end('free', 'a'))
    }
    expect(done).toContain('a? decode sdxl')
    // Jobs go on as soon as that is under way.
    expect(done.filter((one) => one.endsWith('on a')).length).toBeGreaterThanOrEqual(6)
  })

  test('is tried again by a decode of our own when its time is over, which lets it in or takes it out for longer', () => {
    const pool = accused('sdxl')
    pool.probed('a', 'decode', 'failed', 'sdxl')
    const out: number[] = []
    for (let index = 0; index < 3; index++) {
      const since = pool.now
      expect(pool.sleepUntil(since + 60_000)).toEqual(['a? decode sdxl'])
      const { health } = pool.backend('a').tasks.find((one) => one.task === 'sdxl') ?? task()
      expect(health).toEqual({ kind: 'half-open', isProbing: true })
      pool.probed('a', 'decode', 'failed', 'sdxl')
      const after = pool.backend('a').tasks.find((one) => one.task === 'sdxl')?.health
      out.push(after?.kind === 'ejected' ? after.until - pool.now : 0)
      pool.acquire(`asks ${index}`, { model: 'unserved' })
    }
    expect(out[1]).toBeGreaterThan(out[0] ?? 0)
    pool.sleepUntil(pool.now + 60_000)
    pool.probed('a', 'decode', 'passed', 'sdxl')
    expect(pool.health('a')).toBe('usable')
  })

  test('that is tried again is not taken out by a request that fails: that may be at fault', () => {
    const pool = new TestPool(
      backend('a', { tasks: [task({ health: { kind: 'half-open', isProbing: true } })] }),
    )
    pool.report('a', HARD, REFUSED, busy(9_000))
    expect(pool.health('a')).toBe('half-open')
    pool.report('a', SERVED)
    expect(pool.health('a')).toBe('usable')
  })

  test('is still in doubt where the backend says that it sleeps, and found out about when it is awake', () => {
    const pool = new TestPool(member('a', { scaleToZero: true }))
    pool.acquire('asks')
    pool.end('free', 'a')
    expect(pool.report('a', HARD)).toEqual(['a? decode sdxl'])
    expect(pool.probed('a', 'decode', 'asleep', 'sdxl')).toEqual(['a? wake'])
    expect(pool.probed('a', 'wake', 'passed')).toEqual(['a? decode'])
    expect(pool.probed('a', 'decode', 'passed')).toEqual(['a? decode sdxl'])
  })

  test('costs nothing while nobody asks', () => {
    const pool = new TestPool(member('a'))
    expect(pool.report('a', HARD)).toEqual([])
    expect(pool.wakeAt).toBeUndefined()
    expect(pool.acquire('t1')).toEqual(['t1 on a'])
    expect(pool.end('abandon', 'a')).toEqual(['a? decode sdxl'])
  })
})

describe('an answer to a probe', () => {
  const states: Health[] = [
    { kind: 'usable' },
    { kind: 'slow-start', since: START, served: 0 },
    { kind: 'drained' },
    { kind: 'disabled' },
  ]
  test.each(states)('that comes too late changes nothing: $kind', (health) => {
    const one = backend('a', { health })
    for (const test of ['health', 'wake', 'decode'] as const) {
      for (const result of ['passed', 'asleep', 'failed'] as const)
        expect(probed(one, { test, result }, false, 0.5, START)).toBe(one)
    }
  })

  test('to another question changes nothing', () => {
    const asked: [Health, 'health' | 'wake' | 'decode'][] = [
      [{ kind: 'down', until: START + 9, probeAt: START, isSure: true }, 'decode'],
      [{ kind: 'cold', since: START, tries: 0, wakeAt: null }, 'health'],
      [{ kind: 'half-open', isProbing: true }, 'wake'],
    ]
    for (const [health, test] of asked) {
      const one = backend('a', { health })
      expect(probed(one, { test, result: 'passed' }, false, 0.5, START)).toBe(one)
    }
  })

  test('from a backend that nobody knows changes nothing but chance', () => {
    const pool = new TestPool(member('a'))
    expect(pool.probed('unheard-of', 'health', 'passed')).toEqual([])
  })
})
