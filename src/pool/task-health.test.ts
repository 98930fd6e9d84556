import { describe, expect, test } from 'vitest'
import { backend, busy, HARD, REFUSED, SOFT, START, TIMEOUT, task } from '../../test/support/pool.ts'
import type { Accusation } from './events.ts'
import type { TaskRecord } from './state.ts'
import {
  accuse,
  confirm,
  elapseTask,
  healthFor,
  isDueForLook,
  onTask,
  served,
  settle,
  strikesOf,
} from './task-health.ts'

const accused = (...evidence: readonly Accusation[]): TaskRecord =>
  evidence.reduce((one, each) => accuse(one, each, START), task())
const failed = (one: TaskRecord, now = START): TaskRecord => settle(one, false, 1, now)
const passed = (one: TaskRecord, now = START): TaskRecord => settle(one, true, 1, now)
const outForMs = ({ health }: TaskRecord, now = START): number =>
  health.kind === 'ejected' ? health.until - now : 0

describe('a failure', () => {
  test.each<[string, Accusation]>([
    ['a broken connection', HARD],
    ['B14: a refusal of the gateway', REFUSED],
    ['B19: a request for time', busy(9_000)],
  ])('is looked into at once, and takes out nothing: %s', (_, evidence) => {
    const { suspicion, health } = accused(evidence)
    expect(suspicion).toMatchObject({ since: START, isProbing: false })
    expect(health.kind).toBe('usable')
  })

  test('is looked into with the second in a row where it is an answer, which may be the request’s', () => {
    expect(accused(SOFT).suspicion).toBeNull()
    expect(accused(SOFT, TIMEOUT).suspicion).toMatchObject({ cause: 'timeouts' })
    expect(accuse(served(accused(SOFT), START), SOFT, START).suspicion).toBeNull()
  })

  test('is counted as such only once another backend has served the request', () => {
    const strikes = (one: TaskRecord) => strikesOf(backend('a', { tasks: [one] }), 'sdxl')
    expect(strikes(accused(HARD, HARD, HARD)).count).toBe(0)
    expect(strikes(confirm(accused(HARD), true, 1, START))).toEqual({ count: 1, at: START })
  })
})

describe('a decode of our own', () => {
  test('that fails takes the task out, for what it was accused of', () => {
    expect(failed(accused(HARD))).toMatchObject({ cause: 'broke-off', suspicion: null })
    expect(outForMs(failed(accused(HARD)))).toBe(1_000)
    expect(outForMs(failed(accused(REFUSED)))).toBe(1_000)
  })

  test('that is good clears the backend, which is believed for longer each time', () => {
    let one = task()
    let now = START
    const believedMs: number[] = []
    for (let index = 0; index < 8; index++) {
      one = passed(accuse(one, HARD, now), now)
      expect(one.suspicion).toBeNull()
      const clearedAt = now
      while (accuse(one, HARD, now).suspicion === null) now += 500
      believedMs.push(now - clearedAt)
    }
    expect(believedMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('that was good long ago says nothing of the requests of now', () => {
    const once = passed(accused(HARD))
    const later = passed(accuse(once, HARD, START + 600_000), START + 600_000)
    expect(later.cleared).toBe(1)
  })

  test('settles nothing where nothing is in doubt', () => {
    const one = task()
    expect([passed(one), failed(one)]).toEqual([one, one])
  })

  test('B19: that is told to come back later gives the backend the time that it asked for, five minutes at most', () => {
    const pausedFor = (ms: number): number => failed(accused(busy(ms))).pausedUntil - START
    expect([pausedFor(7_000), pausedFor(1e9), pausedFor(0)]).toEqual([7_000, 300_000, 100])
    expect(failed(accused(busy(7_000))).health.kind).toBe('usable')
    expect(passed(accused(busy(7_000))).pausedUntil).toBe(0)
  })

  test('B19: is waited for with a pause of a second at most', () => {
    expect(accused(busy(60_000)).pausedUntil).toBe(START + 1_000)
    expect(accused(busy(300)).pausedUntil).toBe(START + 300)
  })

  test('is due after five seconds on a backend that is never idle', () => {
    const one = accused(HARD)
    expect([isDueForLook(one, START + 4_999), isDueForLook(one, START + 5_000)]).toEqual([false, true])
    expect(isDueForLook(task(), START + 1e6)).toBe(false)
  })
})

describe('a task that is out', () => {
  test('is out for twice as long with each relapse, up to ten seconds, and for less as time goes by', () => {
    let one = failed(accused(HARD))
    const outs = [outForMs(one)]
    for (let index = 0; index < 5; index++) {
      const now = one.record.relapsedAt
      one = failed(elapseTask(one, now), now)
      outs.push(outForMs(one, now))
    }
    expect(outs).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    const healthy = served(elapseTask(one, one.record.relapsedAt), one.record.relapsedAt)
    const later = healthy.record.relapsedAt + 10 * 60_000
    expect(outForMs(failed(accuse(healthy, HARD, later), later), later)).toBe(1_000)
  })

  test('is tried again when its time is over, and not before', () => {
    const one = failed(accused(HARD))
    expect(elapseTask(one, START + 999)).toBe(one)
    const tried = elapseTask(one, START + 1_000)
    expect(tried.health).toEqual({ kind: 'half-open', isProbing: false })
    expect(passed(tried, START + 1_000).health.kind).toBe('usable')
    expect(outForMs(failed(tried, START + 1_000), START + 1_000)).toBe(2_000)
    // The cause stays that of the first time.
    expect(failed(tried, START + 1_000).cause).toBe('broke-off')
  })

  test('is out for the backend’s other tasks no more than they are', () => {
    const one = backend('a', { models: ['sdxl', 'flux'], tasks: [failed(accused(HARD))] })
    expect([healthFor(one, 'sdxl').kind, healthFor(one, 'flux').kind]).toEqual(['ejected', 'usable'])
    const cold = { ...one, health: { kind: 'drained' } as const }
    expect(healthFor(cold, 'sdxl').kind).toBe('drained')
  })
})

test('a backend keeps evidence about its own tasks only, one record each', () => {
  const one = backend('a', { models: ['sdxl'] })
  const hit = (record: TaskRecord): TaskRecord => accuse(record, HARD, START)
  expect(onTask(one, 'unheard-of', hit)).toBe(one)
  expect(onTask(onTask(one, 'sdxl', hit), 'sdxl', hit).tasks).toHaveLength(1)
})
