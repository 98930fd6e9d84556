import { describe, expect, test } from 'vitest'
import {
  backend,
  busy,
  HARD,
  job,
  lease,
  member,
  pool,
  REFUSED,
  SERVED,
  SOFT,
  START,
  TestPool,
  TIMEOUT,
  task,
} from '../../test/support/pool.ts'
import type { Evidence } from './events.ts'
import type { BackendState } from './state.ts'
import { step } from './step.ts'
import { taskOf } from './task-health.ts'

/** Another backend served a request that these had failed. */
const instead = (...ids: string[]): Evidence => ({ kind: 'served', model: 'sdxl', instead: ids })
const OUT = task({ health: { kind: 'ejected', until: START + 60_000 } })
/** A decode of our own was good a moment ago, so that it can tell no more. */
const CLEARED = { tasks: [task({ cleared: 1, clearedAt: START - 1 })] }

describe('a task of a backend is taken out for requests that others served', () => {
  /** Whether three of them take out the first. */
  const isTakenOut = (...others: readonly BackendState[]): boolean => {
    const one = new TestPool(backend('a', CLEARED), ...others)
    one.report('z', instead('a'), instead('a'), instead('a'))
    return one.health('a') === 'ejected'
  }

  test('B31: after three in a row', () => {
    const one = new TestPool(backend('a', CLEARED), member('b'))
    one.report('a', ...Array.from({ length: 20 }, () => SERVED))
    one.report('b', instead('a'), instead('a'))
    expect(one.health('a')).toBe('usable')
    one.report('a', SERVED)
    one.report('b', instead('a'), instead('a'))
    expect(one.health('a')).toBe('usable')
    one.report('b', instead('a'))
    expect(one.health('a')).toBe('ejected')
  })

  test('B31: but only once a decode of our own was good for nothing, which comes first', () => {
    const one = new TestPool(member('a'), member('b'))
    one.acquire('t', { exclude: ['a'] })
    expect(one.report('b', instead('a'), instead('a'), instead('a')).slice(-1)).toEqual(['a? decode sdxl'])
    expect(one.health('a')).toBe('usable')
  })

  test('B32: when it fails too often, in whatever order', () => {
    const one = new TestPool(backend('a', CLEARED), member('b'))
    for (let index = 0; index < 3; index++) {
      expect(one.health('a')).toBe('usable')
      one.acquire(`t${index}`, { exclude: ['b'] })
      one.end('free', 'a')
      one.report('a', SERVED)
      one.report('b', instead('a'))
    }
    expect(one.health('a')).toBe('ejected')
  })

  test('while half of those that serve the task stay, whatever serves other tasks', () => {
    const four = ['z', 'y', 'x'].map((id) => backend(id))
    expect(isTakenOut(...four)).toBe(true)
    expect(isTakenOut(...four.with(1, backend('y', { tasks: [OUT] })))).toBe(true)
    const half = four.with(1, backend('y', { tasks: [OUT] })).with(2, backend('x', { tasks: [OUT] }))
    expect(isTakenOut(...half)).toBe(false)
    const others = ['x', 'y', 'w'].map((id) => backend(id, { models: ['flux'] }))
    expect(isTakenOut(backend('z'), ...others)).toBe(true)
  })

  test('without those counting that their operator has taken out', () => {
    const drained = ['y', 'x', 'w'].map((id) => backend(id, { health: { kind: 'drained' } }))
    expect(isTakenOut(backend('z'), ...drained)).toBe(true)
  })

  test('B31: and never all of them', () => {
    const two = new TestPool(backend('a', CLEARED), backend('b', CLEARED))
    for (let index = 0; index < 20; index++) two.report(index % 2 ? 'a' : 'b', instead(index % 2 ? 'b' : 'a'))
    expect(['a', 'b'].map((id) => two.health(id)).toSorted()).toEqual(['ejected', 'usable'])
  })

  test('FB5: and serves its other tasks meanwhile', () => {
    const both = { models: ['sdxl', 'flux'] }
    const one = new TestPool(backend('a', { ...both, ...CLEARED }), member('b', both))
    one.report('b', instead('a'), instead('a'), instead('a'))
    expect([one.health('a', 'sdxl'), one.health('a', 'flux')]).toEqual(['ejected', 'usable'])
    one.acquire('t1', { model: 'flux', exclude: ['b'] })
    expect(one.backend('a').leases).toHaveLength(1)
  })
})

describe('FB4: what a request shows on every backend takes none from others', () => {
  const KINDS: [string, Evidence][] = [
    ['404', REFUSED],
    ['429', busy(60_000)],
    ['500', SOFT],
    ['a hang', TIMEOUT],
    ['a broken connection', HARD],
  ]

  test.each(KINDS)('%s: where a decode of our own is good', (_, evidence) => {
    const one = new TestPool(member('a'), member('b'), member('c'))
    one.acquire('asks')
    one.end('free', 'a')
    for (let round = 0; round < 200; round++) {
      one.now += 150
      const probes = ['a', 'b', 'c'].flatMap((id) => one.report(id, evidence))
      for (const probe of probes) one.probed(probe.slice(0, 1), 'decode', 'passed', 'sdxl')
      expect(['a', 'b', 'c'].map((id) => one.health(id))).toEqual(['usable', 'usable', 'usable'])
      expect(one.acquire(`t${round}`)).toHaveLength(1)
      for (const id of ['a', 'b', 'c']) one.end('free', id)
    }
  })

  test.each(KINDS)('%s: and costs few decodes of our own, fewer with each', (_, evidence) => {
    const one = new TestPool(member('a'))
    one.acquire('asks')
    one.end('free', 'a')
    let probes = 0
    for (let round = 0; round < 2_000; round++) {
      one.now += 150
      for (const _probe of one.report('a', evidence)) {
        probes++
        one.probed('a', 'decode', 'passed', 'sdxl')
      }
    }
    // Five minutes of it: at once, then after 1, 2, 4, 8, 16 and 30 seconds each.
    expect(probes).toBeGreaterThan(5)
    expect(probes).toBeLessThanOrEqual(16)
  })

  test('413: a job of another key goes wherever it went before', () => {
    const one = new TestPool(member('a'), member('b'))
    for (let round = 0; round < 50; round++) {
      one.now += 300
      const failed: string[] = []
      for (let attempt = 0; attempt < 2; attempt++) {
        const times = { enqueuedAt: one.now, deadlineAt: one.now + 250 }
        const changes = { ...times, key: 'bad', exclude: [...failed] }
        const [granted] = one.actions({ kind: 'acquire', job: job(`bad-${round}-${attempt}`, changes) })
        if (granted?.kind !== 'grant') continue
        const { backendId, leaseId } = granted
        const evidence = { kind: 'out-of-memory', model: 'sdxl', predictedMs: 200 } as const
        one.step({ kind: 'report', backendId, leaseId, evidence })
        one.step({ kind: 'free', backendId, leaseId, decoded: false })
        failed.push(backendId)
      }
    }
    expect(one.acquire('t1', { key: 'good' })).toHaveLength(1)
    expect(one.acquire('t2', { key: 'good' })).toHaveLength(1)
    expect(one.backend('a').leases.length + one.backend('b').leases.length).toBe(2)
  })

  test('no penalty sends the work of others to a slower backend', () => {
    const one = new TestPool(member('a'), member('b'))
    one.report('a', SOFT)
    one.report('a', SERVED, HARD)
    const { record } = taskOf(one.backend('a'), 'sdxl')
    expect(record.failedAt).toBe(0)
  })
})

describe('a broken backend', () => {
  test('is out with the first decode of our own that fails, and another serves', () => {
    const one = new TestPool(member('a'), member('b'))
    one.acquire('asks')
    one.end('free', 'a')
    expect(one.report('a', HARD)).toEqual(['a? decode sdxl'])
    // While that runs, jobs go elsewhere.
    expect(one.acquire('t1')).toEqual(['t1 on b'])
    one.probed('a', 'decode', 'failed', 'sdxl')
    expect(one.health('a')).toBe('ejected')
    one.end('free', 'b')
    expect(one.acquire('t2')).toEqual(['t2 on b'])
  })

  test('B19: that asks for time gets it once our own decode is told the same, and a second before', () => {
    const one = new TestPool(member('a'))
    one.acquire('asks')
    one.end('free', 'a')
    one.report('a', busy(20_000))
    expect(one.acquire('t1')).toEqual([])
    expect(taskOf(one.backend('a'), 'sdxl').pausedUntil).toBe(START + 1_000)
    one.probed('a', 'decode', 'failed', 'sdxl')
    expect(one.sleepUntil(START + 19_999)).toEqual([])
    expect(one.sleepUntil(START + 20_000)).toEqual(['t1 on a'])
  })
})

describe('a report', () => {
  test('of one that nobody knows changes nothing', () => {
    const one = new TestPool(member('a'))
    const { backends } = one.state
    expect(one.report('unheard-of', SOFT, SERVED)).toEqual([])
    expect(one.state.backends).toEqual(backends)
  })

  test('B30: of a decode that waited behind another too long says nothing against the backend', () => {
    const one = new TestPool(member('a'), member('b'))
    const busy = backend('a', { leases: [lease({ id: 1 }), lease({ id: 2, phase: 'staged' })] })
    one.state = pool([busy, backend('b')])
    const late = (leaseId: number): unknown =>
      one.step({ kind: 'report', backendId: 'a', leaseId, evidence: TIMEOUT })
    const hard = (): number => taskOf(one.backend('a'), 'sdxl').record.hard
    for (let index = 0; index < 9; index++) late(2)
    expect(hard()).toBe(0)
    late(1)
    expect(hard()).toBe(1)
    one.step({ kind: 'report', backendId: 'a', leaseId: 2, evidence: SOFT })
    expect(hard()).toBe(2)
  })

  test('P4: of the release before, which names no task, says whether the backend is there and nothing else', () => {
    const one = new TestPool(backend('a', { record: { ...backend('a').record, hard: 1 } }), member('b'))
    for (const kind of ['hard', 'soft', 'misconfigured', 'served'] as const)
      one.step({ kind: 'report', backendId: 'a', leaseId: 0, evidence: { kind } as unknown as Evidence })
    expect(one.backend('a')).toMatchObject({ tasks: [], record: { hard: 0 } })
  })

  test('about a task that the backend does not have changes nothing', () => {
    const before = pool([backend('a', { models: ['flux'] })])
    const event = { kind: 'report', backendId: 'a', leaseId: 0, evidence: HARD } as const
    expect(step(before, event, START)[0].backends).toEqual(before.backends)
  })

  test('B12: of too little memory lowers the ceiling for its model and key, and takes out nothing', () => {
    const one = new TestPool(member('a'), member('b'))
    one.acquire('first', { predictedMs: 1_000 })
    const [held] = one.backend('a').leases
    const evidence = { kind: 'out-of-memory', model: 'sdxl', predictedMs: 1_000 } as const
    one.step({ kind: 'report', backendId: 'a', leaseId: held?.id ?? 0, evidence })
    one.step({ kind: 'free', backendId: 'a', leaseId: held?.id ?? 0, decoded: false })
    expect(one.health('a')).toBe('usable')
    expect(one.acquire('large', { predictedMs: 900 })).toEqual(['large on b'])
    expect(one.acquire('small', { predictedMs: 500 })).toEqual(['small on a'])
  })

  test('B12: of a request that another backend served lowers it for all keys', () => {
    const one = new TestPool(member('a'), member('b'))
    const outOfMemory = { predictedMs: 1_000, backendIds: ['a'] }
    one.report('b', { kind: 'served', model: 'sdxl', outOfMemory })
    expect(one.acquire('other', { key: 'other', predictedMs: 900 })).toEqual(['other on b'])
    expect(one.backend('a').ceilings).toMatchObject([{ key: null, predictedMs: 800 }])
  })
})
