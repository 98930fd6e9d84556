import { describe, expect, test } from 'vitest'
import { backend, lease, member, START, TestPool } from '../../test/support/pool.ts'
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
  test('is looked at every two seconds while there is demand, and tried when it is there', () => {
    const pool = new TestPool(member('a'), member('b'))
    pool.acquire('t1')
    pool.report('b', { kind: 'hard' }, { kind: 'hard' })
    // Two seconds are longer than its first pause, after which it is tried.
    expect(pool.sleepUntil(START + 1_000)).toEqual(['b? decode'])
    expect(pool.probed('b', 'decode', 'failed')).toEqual([])
    expect(pool.health('b')).toBe('down')
    expect(pool.sleepUntil(START + 60_000)).toContain('b? decode')
  })

  test('B35: is tried at once when it is there again', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('asks')
    pool.end('free', 'a')
    for (const _ of [1, 2, 3, 4]) {
      pool.report('a', { kind: 'hard' }, { kind: 'hard' })
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
    pool.report('b', { kind: 'misconfigured' })
    expect(pool.sleepUntil(START + 5 * MINUTE)).toEqual(['b? decode'])
    expect(pool.probed('b', 'decode', 'failed')).toEqual([])
    expect(pool.sleepUntil(START + 60 * MINUTE)).toEqual([])
    expect(pool.wakeAt).toBeUndefined()
    expect(pool.acquire('t1', { predictedMs: 900 })).toEqual(['t1 on a', 'b? decode'])
  })

  test('is tried by a short job that waits, with no probe beside it', () => {
    const pool = new TestPool(member('a'))
    pool.acquire('asks')
    pool.end('free', 'a')
    pool.report('a', { kind: 'hard' }, { kind: 'hard' })
    pool.tickAt(START + 500)
    // Somebody waits for it as soon as it is half-open.
    pool.state = {
      ...pool.state,
      backends: [{ ...pool.backend('a'), health: { kind: 'half-open', isProbing: false } }],
    }
    expect(pool.acquire('t1', { predictedMs: 100 })).toEqual(['t1 on a'])
    expect(pool.report('a', { kind: 'served' })).toEqual([])
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
    pool.report('a', { kind: 'cold' })
    expect(pool.acquire('t1', LATER)).toEqual(['a? wake'])
    expect(pool.acquire('t2', LATER)).toEqual([])
    expect(pool.sleepUntil(START + 30_000)).toEqual([])
    pool.now = START + 40_000
    expect(pool.probed('a', 'wake', 'passed')).toEqual(['t1 on a'])
    expect(pool.report('a', { kind: 'served' })).toEqual([])
    expect(pool.end('free', 'a')).toEqual(['t2 on a'])
  })

  test('B18: is asked again and again, after longer and longer pauses of ten seconds at most', () => {
    const pool = new TestPool(asleep('a'))
    expect(pool.acquire('t1', LATER)).toEqual(['a? wake'])
    const pauses: number[] = []
    for (let index = 0; index < 8; index++) {
      expect(pool.probed('a', 'wake', 'asleep')).toEqual([])
      const before = pool.now
      for (let done: string[] = []; done.length === 0; ) {
        expect(pool.wakeAt).toBeDefined()
        done = pool.tickAt(pool.wakeAt ?? 0)
      }
      pauses.push(pool.now - before)
    }
    const [first = 0, second = 0, third = 0] = pauses
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)
    for (const pause of pauses) expect(pause).toBeLessThanOrEqual(12_000)
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
    for (let index = 0; index < 200 && !probes.includes('b? wake'); index++) {
      probes.push(...found)
      if (found.includes('a? wake')) found = pool.probed('a', 'wake', 'failed')
      else if (pool.wakeAt) found = pool.tickAt(pool.wakeAt)
    }
    expect(probes).toContain('b? wake')
  })

  test('B18: has its cold start learnt, from when it was asked to start', () => {
    const pool = new TestPool(asleep('a'))
    const before = pool.backend('a').pace.coldStartMs
    // It has been asleep for hours before anybody asks.
    pool.now = START + 600 * MINUTE
    pool.acquire('t1', { deadlineAt: pool.now + 10 * MINUTE })
    pool.now += 30_000
    pool.probed('a', 'wake', 'passed')
    const { coldStartMs } = pool.backend('a').pace
    expect(coldStartMs).toBeLessThan(before)
    expect(coldStartMs).toBeGreaterThan(30_000)
  })

  test('is tried by a decode of our own when no short job waits, and asleep again if that says so', () => {
    const pool = new TestPool(asleep('a'))
    pool.acquire('t1', { ...LATER, predictedMs: 9_000 })
    expect(pool.probed('a', 'wake', 'passed')).toEqual(['a? decode'])
    expect(pool.probed('a', 'decode', 'asleep')).toEqual(['a? wake'])
    expect(pool.health('a')).toBe('cold')
  })
})

describe('an answer to a probe', () => {
  const states: Health[] = [
    { kind: 'usable' },
    { kind: 'slow-start', since: START, served: 0 },
    { kind: 'ejected', until: START + 9 },
    { kind: 'drained' },
    { kind: 'disabled' },
  ]
  test.each(states)('that comes too late changes nothing: $kind', (health) => {
    const one = backend('a', { health })
    for (const test of ['health', 'wake', 'decode'] as const) {
      for (const result of ['passed', 'asleep', 'failed'] as const)
        expect(probed(one, { test, result }, 0.5, START)).toBe(one)
    }
  })

  test('to another question changes nothing', () => {
    const asked: [Health, 'health' | 'wake' | 'decode'][] = [
      [{ kind: 'down', until: START + 9, probeAt: START }, 'decode'],
      [{ kind: 'cold', since: START, tries: 0, wakeAt: null }, 'health'],
      [{ kind: 'half-open', isProbing: true }, 'wake'],
    ]
    for (const [health, test] of asked) {
      const one = backend('a', { health })
      expect(probed(one, { test, result: 'passed' }, 0.5, START)).toBe(one)
    }
  })

  test('from a backend that nobody knows changes nothing but chance', () => {
    const pool = new TestPool(member('a'))
    expect(pool.probed('unheard-of', 'health', 'passed')).toEqual([])
  })
})
