import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { Evidence } from './events.ts'
import { changesAt, elapse, learn } from './health.ts'
import type { Health } from './health-states.ts'
import { SLOW_START_MS } from './pace.ts'
import type { BackendState } from './state.ts'

type Learnt = Exclude<Evidence, { kind: 'out-of-memory' }>

const HARD = { kind: 'hard' } as const
const SOFT = { kind: 'soft' } as const
const SERVED = { kind: 'served' } as const

const taught = (
  before: BackendState,
  evidence: readonly Learnt[],
  { mayEject = true, random = 1, now = START } = {},
): BackendState => evidence.reduce((one, each) => learn(one, each, { random, mayEject, now }), before)

const kindAfter = (health: Health, ...evidence: readonly Learnt[]): string =>
  taught(backend('a', { health }), evidence).health.kind

const USABLE: Health = { kind: 'usable' }
const HALF_OPEN: Health = { kind: 'half-open', isProbing: false }

describe('a backend', () => {
  test('B1: is down after two failures in a row to reach it, and not after one', () => {
    expect(kindAfter(USABLE, HARD)).toBe('usable')
    expect(kindAfter(USABLE, HARD, HARD)).toBe('down')
    expect(kindAfter(USABLE, HARD, SERVED, HARD)).toBe('usable')
  })

  test('B31: is ejected after three bad answers in a row, and not after two', () => {
    expect(kindAfter(USABLE, SOFT, SOFT)).toBe('usable')
    expect(kindAfter(USABLE, SOFT, SOFT, SOFT)).toBe('ejected')
    expect(kindAfter(USABLE, SOFT, SOFT, SERVED, SOFT)).toBe('usable')
  })

  test('B32: is ejected when it fails too often, in whatever order', () => {
    expect(kindAfter(USABLE, SERVED, SOFT, SERVED, SOFT, SERVED)).toBe('usable')
    expect(kindAfter(USABLE, SERVED, SOFT, SERVED, SOFT, SERVED, SOFT)).toBe('ejected')
    expect(kindAfter(USABLE, SERVED, HARD, SERVED, HARD, SERVED, HARD)).toBe('ejected')
  })

  test('is never ejected on suspicion where it is needed, but down when it is out of reach', () => {
    const needed = { mayEject: false }
    expect(taught(backend('a'), [SOFT, SOFT, SOFT, SOFT, SOFT, SOFT], needed).health).toEqual(USABLE)
    expect(taught(backend('a'), [HARD, HARD], needed).health.kind).toBe('down')
  })

  test('B14: that refuses us is out for a minute, and not looked at before', () => {
    const { health } = taught(backend('a'), [{ kind: 'misconfigured' }])
    expect(health).toEqual({ kind: 'down', until: START + 60_000, probeAt: START + 60_000 })
  })

  test('B18: that is asleep is cold, which is no failure', () => {
    const { health, record } = taught(backend('a'), [{ kind: 'cold' }])
    expect(health).toEqual({ kind: 'cold', since: START, tries: 0, wakeAt: START })
    expect(record).toEqual(backend('a').record)
  })

  test('B18: that may sleep and is out of reach is asleep', () => {
    expect(taught(backend('a', { scaleToZero: true }), [HARD]).health.kind).toBe('cold')
  })

  test.each(['cold', 'drained', 'disabled'] as const)('does not fall asleep when it is %s', (kind) => {
    const health: Health = kind === 'cold' ? { kind, since: 5, tries: 3, wakeAt: null } : { kind }
    expect(taught(backend('a', { health }), [{ kind: 'cold' }]).health).toBe(health)
  })

  test('B19: that asks for time gets it, up to five minutes, and is not out', () => {
    const busy = (retryAfterMs: number): Learnt => ({ kind: 'busy', retryAfterMs })
    expect(taught(backend('a'), [busy(7_000)])).toMatchObject({ busyUntil: START + 7_000, health: USABLE })
    expect(taught(backend('a'), [busy(1e9)]).busyUntil).toBe(START + 300_000)
    expect(taught(backend('a'), [busy(7_000), busy(1_000)]).busyUntil).toBe(START + 7_000)
    const often = taught(backend('a'), new Array(9).fill(busy(1)))
    expect([often.health.kind, often.record.soft, often.record.hard]).toEqual(['usable', 0, 0])
  })
})

describe('a pause', () => {
  const outFor = (relapses: number, evidence: Learnt[], random = 1): number => {
    const { health } = taught(
      backend('a', { record: { ...backend('a').record, relapses, relapsedAt: START } }),
      evidence,
      { random },
    )
    return 'until' in health ? health.until - START : 0
  }

  test.each([
    ['hard', [HARD, HARD]],
    ['soft', [SOFT, SOFT, SOFT]],
  ])('is twice as long with each relapse, up to a minute: %s', (_, evidence) => {
    const [first = 0, second, third] = [0, 1, 2].map((relapses) => outFor(relapses, evidence))
    expect([second, third]).toEqual([2 * first, 4 * first])
    expect([outFor(20, evidence), outFor(2_000, evidence)]).toEqual([60_000, 60_000])
  })

  test('is spread by chance over half of its length', () => {
    expect(outFor(0, [SOFT, SOFT, SOFT], 0) * 2).toBe(outFor(0, [SOFT, SOFT, SOFT], 1))
  })

  test('counts as a relapse, and clears what led to it', () => {
    const { record, health } = taught(backend('a'), [HARD, HARD])
    expect(record).toMatchObject({ hard: 0, soft: 0, buckets: [], relapses: 1, failedAt: START })
    expect(health.kind === 'down' && record.relapsedAt === health.until).toBe(true)
  })

  test('is not made longer by what comes in late', () => {
    const out = taught(backend('a'), [HARD, HARD])
    for (const late of [[HARD, HARD], [SOFT, SOFT, SOFT], [{ kind: 'misconfigured' } as const]])
      expect(taught(out, late).health).toEqual(out.health)
  })
})

describe('a backend that comes back', () => {
  const back: Health = { kind: 'slow-start', since: START, served: 0 }

  test('is half-open when its pause is over, and not before', () => {
    for (const health of [
      { kind: 'down', until: START + 10, probeAt: START } as const,
      { kind: 'ejected', until: START + 10 } as const,
    ]) {
      const out = backend('a', { health })
      expect(elapse(out, START + 9)).toBe(out)
      expect(elapse(out, START + 10).health).toEqual(HALF_OPEN)
    }
  })

  test.each(['half-open', 'down', 'cold'] as const)(
    'warms up with the first answer when it was %s',
    (kind) => {
      const health: Health =
        kind === 'half-open'
          ? HALF_OPEN
          : kind === 'down'
            ? { kind, until: START + 9, probeAt: START }
            : { kind, since: START, tries: 0, wakeAt: null }
      expect(taught(backend('a', { health }), [SERVED]).health).toEqual(back)
    },
  )

  test.each(['ejected', 'drained', 'disabled'] as const)(
    'is not let in by an answer when it is %s',
    (kind) => {
      const health: Health = kind === 'ejected' ? { kind, until: START + 9 } : { kind }
      expect(taught(backend('a', { health }), [SERVED]).health).toBe(health)
    },
  )

  test('is like any other after three answers, or after its time', () => {
    expect(kindAfter(back, SERVED, SERVED)).toBe('slow-start')
    expect(kindAfter(back, SERVED, SERVED, SERVED)).toBe('usable')
    const late = taught(backend('a', { health: back }), [SERVED], { now: START + SLOW_START_MS })
    expect(late.health).toEqual(USABLE)
  })

  test('is like any other after its time also if it got no jobs', () => {
    const warming = backend('a', { health: back })
    expect(elapse(warming, START + SLOW_START_MS - 1)).toBe(warming)
    expect(elapse(warming, START + SLOW_START_MS).health).toEqual(USABLE)
  })

  test('is out again with the first failure', () => {
    expect(kindAfter(HALF_OPEN, HARD)).toBe('down')
    expect(kindAfter(HALF_OPEN, SOFT)).toBe('ejected')
    const needed = taught(backend('a', { health: HALF_OPEN }), [SOFT], { mayEject: false })
    expect(needed.health.kind).toBe('ejected')
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

test('one report takes a backend out once at most, and only failures do', () => {
  const evidence = fc.constantFrom<Learnt>(
    SERVED,
    HARD,
    SOFT,
    { kind: 'misconfigured' },
    { kind: 'cold' },
    { kind: 'busy', retryAfterMs: 100 },
  )
  const events = fc.array(fc.tuple(evidence, fc.nat({ max: 20_000 }), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(events, (all) => {
      let now = START
      let one = backend('a')
      for (const [each, ms, mayEject] of all) {
        now += ms
        one = elapse(one, now)
        const before = one
        one = learn(one, each, { random: 0.5, mayEject, now })
        expect(one.record.relapses - before.record.relapses).toBeLessThanOrEqual(1)
        const isOut = (some: BackendState): boolean => 'until' in some.health
        if (isOut(one) && !isOut(before)) expect(['hard', 'soft', 'misconfigured']).toContain(each.kind)
        if (one.health.kind === 'ejected' && before.health.kind !== 'half-open' && !isOut(before))
          expect(mayEject).toBe(true)
      }
    }),
    seeded,
  )
})
