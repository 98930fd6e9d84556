import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, START, task } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { asleep, changesAt, elapse, reached, unreachable } from './health.ts'
import type { Health } from './health-states.ts'
import type { BackendState } from './state.ts'
import { SLOW_START_MS } from './tuning.ts'

const USABLE: Health = { kind: 'usable' }
const HALF_OPEN: Health = { kind: 'half-open', isProbing: false }

type Change = (one: BackendState) => BackendState
const lost: Change = (one) => unreachable(one, false, 1, START)
const gone: Change = (one) => unreachable(one, true, 1, START)
const answered: Change = (one) => reached(one, START)
const sleeps: Change = (one) => asleep(one, START)

const changed = (health: Health, ...changes: readonly Change[]): BackendState =>
  changes.reduce((one, change) => change(one), backend('a', { health }))

describe('a backend', () => {
  test('B1: is down after two failures in a row to reach it, and not after one', () => {
    expect(changed(USABLE, lost).health.kind).toBe('usable')
    expect(changed(USABLE, lost, lost).health.kind).toBe('down')
    expect(changed(USABLE, lost, answered, lost).health.kind).toBe('usable')
  })

  test('FB4: that seems to be down is looked at at once, as a request may end its own connections', () => {
    const { health } = changed(USABLE, lost, lost)
    expect(health).toEqual({ kind: 'down', until: START + 1_000, probeAt: START, isSure: false })
    expect(changed(HALF_OPEN, gone).health).toMatchObject({ probeAt: START + 2_000, isSure: true })
  })

  test('B18: that is asleep is cold, which is no failure', () => {
    const { health, record } = changed(USABLE, sleeps)
    expect(health).toEqual({ kind: 'cold', since: START, tries: 0, wakeAt: START })
    expect(record).toEqual(backend('a').record)
  })

  test('B18: that may sleep and is out of reach is asleep', () => {
    expect(lost(backend('a', { scaleToZero: true })).health.kind).toBe('cold')
  })

  test.each(['cold', 'drained', 'disabled'] as const)('does not fall asleep when it is %s', (kind) => {
    const health: Health = kind === 'cold' ? { kind, since: 5, tries: 3, wakeAt: null } : { kind }
    expect(changed(health, sleeps).health).toBe(health)
  })
})

describe('a pause', () => {
  const outFor = (relapses: number, random = 1): number => {
    const record = { ...backend('a').record, hard: 1, relapses, relapsedAt: START }
    const { health } = unreachable(backend('a', { record }), true, random, START)
    return health.kind === 'down' ? health.until - START : 0
  }

  test('is twice as long with each relapse, up to a minute', () => {
    const [first = 0, second, third] = [0, 1, 2].map((relapses) => outFor(relapses))
    expect([second, third]).toEqual([2 * first, 4 * first])
    expect([outFor(20), outFor(2_000)]).toEqual([60_000, 60_000])
  })

  test('is spread by chance over half of its length', () => {
    expect(outFor(0, 0) * 2).toBe(outFor(0, 1))
  })

  test('counts as a relapse, and clears what led to it', () => {
    const { record, health } = changed(USABLE, lost, lost)
    expect(record).toMatchObject({ hard: 0, relapses: 1, failedAt: START })
    expect(health.kind === 'down' && record.relapsedAt === health.until).toBe(true)
  })

  test('is not made longer by what comes in late', () => {
    const out = changed(USABLE, lost, lost)
    expect([lost, lost, lost].reduce((one, change) => change(one), out).health).toEqual(out.health)
  })
})

describe('a backend that comes back', () => {
  const back: Health = { kind: 'slow-start', since: START, served: 0 }
  const down: Health = { kind: 'down', until: START + 10, probeAt: START, isSure: true }

  test('is half-open when its pause is over, and not before', () => {
    const out = backend('a', { health: down })
    expect(elapse(out, START + 9)).toBe(out)
    expect(elapse(out, START + 10).health).toEqual(HALF_OPEN)
  })

  test.each<Health>([HALF_OPEN, down, { kind: 'cold', since: START, tries: 0, wakeAt: null }])(
    'warms up with the first answer when it was $kind',
    (health) => {
      expect(changed(health, answered).health).toEqual(back)
    },
  )

  test.each<Health>([{ kind: 'drained' }, { kind: 'disabled' }])(
    'is not let in by an answer when it is $kind',
    (health) => {
      expect(changed(health, answered).health).toBe(health)
    },
  )

  test('is like any other after three answers, or after its time', () => {
    expect(changed(back, answered, answered).health.kind).toBe('slow-start')
    expect(changed(back, answered, answered, answered).health.kind).toBe('usable')
    expect(reached(backend('a', { health: back }), START + SLOW_START_MS).health).toEqual(USABLE)
  })

  test('is like any other after its time also if it got no jobs', () => {
    const warming = backend('a', { health: back })
    expect(elapse(warming, START + SLOW_START_MS - 1)).toBe(warming)
    expect(elapse(warming, START + SLOW_START_MS).health).toEqual(USABLE)
  })

  test('is out again with the first failure to reach it', () => {
    expect(changed(HALF_OPEN, lost).health.kind).toBe('down')
  })
})

test('time changes only those that are out or warming up', () => {
  const states: Health[] = [
    USABLE,
    HALF_OPEN,
    { kind: 'drained' },
    { kind: 'disabled' },
    { kind: 'cold', since: START, tries: 0, wakeAt: START },
  ]
  for (const health of states) expect(changesAt(health)).toBe(Number.POSITIVE_INFINITY)
  expect(changesAt({ kind: 'ejected', until: 5 })).toBe(5)
})

test('one event takes a backend out once at most, changes none of its tasks, and overrules no operator', () => {
  const changes = fc.array(fc.tuple(fc.constantFrom(lost, gone, answered, sleeps), fc.nat({ max: 20_000 })), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(changes, fc.constantFrom<Health>(USABLE, { kind: 'drained' }), (all, health) => {
      let now = START
      const tasks = [task({ pausedUntil: 5 })]
      let one = backend('a', { health, tasks })
      for (const [change, ms] of all) {
        now += ms
        one = elapse(one, now)
        const before = one
        one = change(one)
        expect(one.record.relapses - before.record.relapses).toBeLessThanOrEqual(1)
        expect(one.tasks).toBe(tasks)
        if (health.kind === 'drained') expect(one.health).toBe(health)
      }
    }),
    seeded,
  )
})
