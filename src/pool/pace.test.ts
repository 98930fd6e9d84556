import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, lease, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { UNKNOWN_PACE } from './initial.ts'
import { expectedMs, learnColdStart, learnGap, learnSpeed, SLOW_START_MS } from './pace.ts'
import type { Pace } from './state.ts'

const learnt = (ratios: readonly number[], from: Pace = UNKNOWN_PACE): Pace =>
  ratios.reduce((pace, ratio) => learnSpeed(pace, 100, 100 * ratio), from)

describe('the speed of a backend', () => {
  test('becomes what its decodes show', () => {
    const { speed, samples } = learnt(new Array(60).fill(3))
    expect(speed).toBeCloseTo(3, 1)
    expect(samples).toBe(60)
  })

  test('is the mean of the first ones, and is moved less by each later one', () => {
    expect(learnt([1.2, 0.8, 1.3, 0.7]).speed).toBeCloseTo(1)
    const late = learnt([2], { ...UNKNOWN_PACE, samples: 1_000 })
    expect(late.speed - 1).toBeLessThan(0.2)
    expect(late.speed - 1).toBeGreaterThan(0)
  })

  test('is doubled or halved by one decode at most', () => {
    expect(learnt([1_000]).speed).toBe(2)
    expect(learnt([0.001]).speed).toBe(0.5)
  })

  test.each([
    [0, 5],
    [5, 0],
    [-1, 5],
    [5, -1],
    [Number.NaN, 5],
    [5, Number.NaN],
  ])('is not moved by a time that cannot be: %d predicted, %d taken', (predictedMs, actualMs) => {
    expect(learnSpeed(UNKNOWN_PACE, predictedMs, actualMs)).toBe(UNKNOWN_PACE)
  })

  test('stays a positive number whatever is measured', () => {
    const time = fc.double({ min: -1e9, max: 1e9 })
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time), { maxLength: 50 }), (times) => {
        const pace = times.reduce(
          (pace, [predicted, actual]) => learnSpeed(pace, predicted, actual),
          UNKNOWN_PACE,
        )
        expect(pace.speed).toBeGreaterThan(0)
        expect(Number.isFinite(pace.speed)).toBe(true)
      }),
      seeded,
    )
  })
})

describe('the time a decode is expected to take', () => {
  test('goes by the speed of the backend', () => {
    const slow = backend('a', { pace: { ...UNKNOWN_PACE, speed: 2.5 } })
    expect(expectedMs(slow, 200, START)).toBe(500)
  })

  test('is twice as long right after the backend came back, and fades to what it was', () => {
    const back = backend('a', { health: { kind: 'slow-start', since: START, served: 0 } })
    const at = (ms: number): number => expectedMs(back, 100, START + ms)
    expect([at(0), at(SLOW_START_MS / 2), at(SLOW_START_MS), at(2 * SLOW_START_MS)]).toEqual([
      200, 150, 100, 100,
    ])
    expect(at(-1_000)).toBe(200)
  })
})

describe('the gap before a job reaches its backend', () => {
  const pace: Pace = { ...UNKNOWN_PACE, gapMs: 100 }
  const granted = lease({ grantedAt: START, startsAt: START + 100 })

  test('is the time that its holder did not see, and the way to the backend', () => {
    // Granted to freed 500 ms, of which the attempt took 450 and the decode 400.
    const next = learnGap(pace, granted, START + 500, 450, 400)
    expect(next.gapMs).toBeGreaterThanOrEqual(99.9)
    expect(learnGap(pace, granted, START + 1_500, 450, 400).gapMs).toBeGreaterThan(pace.gapMs)
    expect(learnGap(pace, granted, START + 455, 450, 449).gapMs).toBeLessThan(pace.gapMs)
  })

  test('does not count what a job waited for the one before it', () => {
    const staged = lease({ grantedAt: START, startsAt: START + 5_000 })
    const next = learnGap(pace, staged, START + 5_500, 5_490, 400)
    expect(next.gapMs).toBeLessThan(pace.gapMs)
  })

  test('is guessed where the backend does not say how long it took', () => {
    expect(learnGap(pace, granted, START + 500, 420).gapMs).toBeCloseTo(100)
  })

  test('is bounded, and not moved by what is no number', () => {
    expect(learnGap(pace, granted, START + 1e9, 1, 1).gapMs).toBeLessThan(300)
    expect(learnGap(pace, granted, START, 1e9, 1e9).gapMs).toBeGreaterThan(0)
    expect(learnGap(pace, granted, START + 500, Number.NaN)).toBe(pace)
  })
})

test('a cold start is learnt from how long the last ones took', () => {
  let pace: Pace = UNKNOWN_PACE
  for (let index = 0; index < 20; index++) pace = learnColdStart(pace, 40_000)
  expect(pace.coldStartMs / 40_000).toBeCloseTo(1, 1)
  expect(learnColdStart({ ...pace, coldStartMs: 1_000 }, 0).coldStartMs).toBe(1_000)
})
