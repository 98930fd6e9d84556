import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chanceOf } from '../../test/support/closed-loop.ts'
import { known } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import {
  type Estimate,
  estimate,
  hopefulMs,
  isLearnt,
  learnAtLeast,
  learnColdStart,
  learnDead,
  learnDecode,
  ratioOf,
  type ServiceTimes,
  samplesOf,
  soonestMs,
  UNKNOWN_TIMES,
} from './service-times.ts'

const TASK = 'sdxl'
const of = (times: ServiceTimes, sizeMs = 200): Estimate => estimate(times, TASK, sizeMs)
/** What is known after these decodes of one size. */
const seen = (...decodes: readonly number[]): ServiceTimes =>
  decodes.reduce((times, ms) => learnDecode(times, TASK, 200, ms), UNKNOWN_TIMES)
/** What is known after such decodes of several sizes, each the first of its shape ten times slower. */
const curve = (msOf: (sizeMs: number) => number, sizes: readonly number[], rounds = 6): ServiceTimes => {
  let times = UNKNOWN_TIMES
  for (let round = 0; round < rounds; round++)
    for (const size of sizes) times = learnDecode(times, TASK, size, msOf(size) * (round === 0 ? 10 : 1))
  return times
}
const SIZES = [32, 70, 145, 220, 470, 820]

describe('what a backend takes', () => {
  test('is the catalogue’s guess before anything is seen', () => {
    expect(of(UNKNOWN_TIMES)).toMatchObject({ meanMs: 200, samples: 0, seen: 0, isUnproven: true })
    expect(isLearnt(of(UNKNOWN_TIMES))).toBe(false)
  })

  test('FA1: is learnt as it is, however far from the guess', () => {
    for (const ms of [5, 25, 700, 30_000]) {
      const { meanMs, deviationMs } = of(seen(ms, ms, ms, ms))
      expect(meanMs).toBe(ms)
      expect(deviationMs).toBeLessThan(ms / 4)
    }
  })

  test('FA1: is the lesser of the first two: the first decode of a shape may be ten times slower', () => {
    expect(of(seen(250, 25)).meanMs).toBe(25)
    expect(of(seen(25, 250)).meanMs).toBe(25)
    expect(of(seen(30, 40)).meanMs).toBe(35)
  })

  test('is learnt with the third decode, and proven with the second', () => {
    expect([seen(30), seen(30, 30), seen(30, 30, 30)].map((times) => isLearnt(of(times)))).toEqual([
      false,
      false,
      true,
    ])
    expect([seen(30), seen(30, 30)].map((times) => of(times).isUnproven)).toEqual([true, false])
  })

  test('is near the mean of decodes that differ, and their deviation is learnt', () => {
    const random = chanceOf(5)
    let times = UNKNOWN_TIMES
    for (let index = 0; index < 500; index++)
      times = learnDecode(times, TASK, 200, 100 * (0.7 + 0.6 * random()))
    const { meanMs, deviationMs } = of(times)
    expect(meanMs).toBeGreaterThan(85)
    expect(meanMs).toBeLessThan(115)
    expect(deviationMs).toBeGreaterThan(5)
    expect(deviationMs).toBeLessThan(30)
  })

  test('is moved by an outlier by an eighth at most, and follows a change within some decodes', () => {
    const steady = seen(...new Array(50).fill(100))
    expect(of(learnDecode(steady, TASK, 200, 60_000)).meanMs).toBe(112.5)
    expect(of(learnDecode(steady, TASK, 200, 1)).meanMs).toBe(93.75)
    let times = steady
    for (let index = 0; index < 30; index++) times = learnDecode(times, TASK, 200, 800)
    expect(of(times).meanMs).toBeGreaterThan(700)
    for (let index = 0; index < 50; index++) times = learnDecode(times, TASK, 200, 100)
    expect(of(times).meanMs).toBeLessThan(120)
  })

  test('is what it was before it was slowed down as soon as a decode shows that, where it was not used for long', () => {
    let times = seen(...new Array(20).fill(50))
    for (let index = 0; index < 10; index++) times = learnDecode(times, TASK, 200, 400)
    expect(of(times).meanMs).toBeGreaterThan(150)
    const again = learnDecode(times, TASK, 200, 50, true)
    expect(of(again)).toMatchObject({ meanMs: 50, isUnproven: false })
    // A decode as slow as before says only that.
    expect(of(learnDecode(times, TASK, 200, 400, true)).meanMs).toBeGreaterThan(150)
  })

  test('never is no number, nor less than nothing, whatever is measured', () => {
    const ms = fc.oneof(
      fc.double({ min: 1, max: 1e12 }),
      fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY),
    )
    const size = fc.oneof(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.constantFrom(0, -5, Number.NaN))
    fc.assert(
      fc.property(fc.array(fc.tuple(size, ms, fc.boolean()), { maxLength: 60 }), size, (all, asked) => {
        let times = UNKNOWN_TIMES
        for (const [sizeMs, took, isFresh] of all) times = learnDecode(times, TASK, sizeMs, took, isFresh)
        const { meanMs, deviationMs, leastMs } = of(times, asked > 0 ? asked : 1)
        for (const value of [meanMs, leastMs]) expect(value).toBeGreaterThan(0)
        expect(deviationMs).toBeGreaterThanOrEqual(0)
        expect(ratioOf(times)).toBeGreaterThan(0)
      }),
      seeded,
    )
  })
})

describe('the curve over sizes', () => {
  test.each<[string, (sizeMs: number) => number]>([
    ['affine', (ms) => 20 + 0.2 * ms],
    ['super-linear', (ms) => 5 + 0.02 * ms ** 1.4],
    ['with a step where it tiles', (ms) => (ms > 300 ? 0.6 : 0.3) * ms],
    ['flat', () => 30],
  ])('is learnt where it is %s, though each first decode is ten times slower', (_, msOf) => {
    const times = curve(msOf, SIZES)
    for (const size of SIZES) {
      expect(of(times, size).meanMs / msOf(size)).toBeGreaterThan(0.9)
      expect(of(times, size).meanMs / msOf(size)).toBeLessThan(1.1)
    }
  })

  test('is drawn between its points, and beyond the last in proportion', () => {
    const times = curve((ms) => 20 + 0.2 * ms, [100, 400])
    expect(of(times, 250).meanMs).toBeCloseTo(70, 0)
    expect(of(times, 800).meanMs).toBeCloseTo(200, 0)
    expect(of(times, 50).meanMs).toBeCloseTo(20, 0)
  })

  test('says more of a size than its first decode does, unless that was quicker', () => {
    const times = curve((ms) => ms / 4, [100, 200])
    expect(of(learnDecode(times, TASK, 820, 2_050), 820).meanMs).toBeCloseTo(205)
    expect(of(learnDecode(times, TASK, 820, 120), 820).meanMs).toBe(120)
    const twice = learnDecode(learnDecode(times, TASK, 820, 900), TASK, 820, 880)
    expect(of(twice, 820).meanMs).toBe(890)
  })

  test('keeps a point per quarter of an octave, however many sizes there are', () => {
    const random = chanceOf(3)
    let times = UNKNOWN_TIMES
    for (let index = 0; index < 5_000; index++) {
      const size = 10 * 2 ** (10 * random())
      times = learnDecode(times, TASK, size, size / 3)
    }
    const points = times.curves.flatMap((one) => one.points)
    expect(points.length).toBeLessThanOrEqual(42)
    const sizes = points.map(({ sizeMs }) => sizeMs)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    expect(samplesOf(times)).toBe(5_000)
  })

  test('is one for each task; of another nothing but the backend’s speed is known', () => {
    const times = curve((ms) => ms / 2, SIZES)
    const other = estimate(times, 'flux', 1_000)
    expect(other).toMatchObject({ samples: 0, isUnproven: true })
    expect(other.meanMs).toBeCloseTo(500, 0)
    expect(of(learnDecode(times, 'flux', 1_000, 90), 820)).toEqual(of(times, 820))
  })
})

describe('a backend is chosen by', () => {
  test('a tenth of its first decode, and by what it takes once that is proven', () => {
    expect(hopefulMs(of(seen(250)), 0)).toBe(25)
    expect(hopefulMs(of(UNKNOWN_TIMES), 0)).toBe(20)
    expect(hopefulMs(of(seen(250, 250)), 0)).toBe(250)
  })

  test('FA1: a tenth of it with whatever first decodes of other sizes', () => {
    const firsts = SIZES.reduce((times, size) => learnDecode(times, TASK, size, 10 * size), UNKNOWN_TIMES)
    expect(of(firsts, 820).isUnproven).toBe(true)
    expect(hopefulMs(of(firsts, 820), 0)).toBeCloseTo(820)
  })

  test('its quickest decode of late when it was not used for a hundred times what it takes', () => {
    const slowed = of(known(400, { leastMs: 50 }))
    expect([0, 40_000, 40_001].map((ms) => hopefulMs(slowed, ms))).toEqual([400, 400, 50])
    const steady = of(known(400))
    expect([0, 40_001].map((ms) => hopefulMs(steady, ms))).toEqual([400, 400])
  })

  test('a tenth of what it takes, as if all that was seen were first decodes, the later the more there were', () => {
    const two = of(known(600, { samples: 2 }))
    expect([60_001, 120_000, 120_001].map((ms) => hopefulMs(two, ms))).toEqual([600, 600, 60])
    const many = of(known(600, { samples: 1_000 }))
    expect(hopefulMs(many, 1e7)).toBe(600)
  })

  test('its quickest decode for as long as that is of late', () => {
    let times = learnDecode(seen(...new Array(20).fill(400)), TASK, 200, 1)
    expect(of(times).leastMs).toBe(1)
    for (let index = 0; index < 200; index++) times = learnDecode(times, TASK, 200, 400)
    expect(of(times).leastMs).toBeGreaterThan(390)
  })
})

describe('a job is not begun', () => {
  test('where its answer would be late by what is learnt, or ten times quicker than a guess', () => {
    expect(soonestMs(of(known(1_000)))).toBe(1_000)
    expect(soonestMs(of(known(1_000, { deviationMs: 100 })))).toBe(800)
    expect(soonestMs(of(known(1_000, { deviationMs: 900 })))).toBe(500)
    expect(soonestMs(of(known(1_000, { samples: 2 })))).toBe(100)
  })
})

test('FA2: a cut says that a decode takes at least as long, and nothing where it was expected to', () => {
  const times = known(200)
  expect(learnAtLeast(times, TASK, 200, 150)).toBe(times)
  expect(of(learnAtLeast(times, TASK, 200, 390)).meanMs).toBeGreaterThan(200)
  // A size that was never seen: twice the same is believed.
  const twice = learnAtLeast(learnAtLeast(times, TASK, 3_200, 17_000), TASK, 3_200, 17_000)
  expect(of(twice, 3_200).meanMs).toBe(17_000)
})

test('dead time is what was measured first, then smoothed, and bounded', () => {
  const first = learnDead(UNKNOWN_TIMES, 160, true)
  expect(first.deadMs).toBe(160)
  expect(learnDead(first, 240, false).deadMs).toBe(170)
  expect(learnDead(UNKNOWN_TIMES, 1e9, true).deadMs).toBe(2_000)
  expect(learnDead(UNKNOWN_TIMES, -50, true).deadMs).toBe(0)
  expect(learnDead(first, Number.NaN, false)).toBe(first)
})

test('FA5: of starts the mean and the quickest are known', () => {
  const { coldStart } = [100_000, 200_000, 50_000].reduce(learnColdStart, UNKNOWN_TIMES)
  expect(coldStart).toEqual({ meanMs: 130_000 + 0.3 * (50_000 - 130_000), leastMs: 50_000 })
})
