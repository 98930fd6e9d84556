import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { attemptTimeoutMs, type Forecast, hangAfterMs, receiveTimeoutMs } from './deadline.ts'

const PATIENCE = 20_000
const AMPLE = 120_000
const forecast = (changes: Partial<Forecast> = {}): Forecast => ({
  startsInMs: 0,
  expectedMs: 200,
  isLearnt: true,
  ...changes,
})
const timeout = (changes: Partial<Forecast>, bodyBytes = 0, patienceMs = PATIENCE, remainingMs = AMPLE) =>
  attemptTimeoutMs(bodyBytes, forecast(changes), patienceMs, remainingMs)

describe('B5: an attempt whose decode time is learnt', () => {
  test.each([
    [100, 2_000],
    [200, 2_000],
    [400, 2_200],
    [5_000, 16_000],
  ])('of %i ms gets %i ms: three times as much and a second, two at least', (expectedMs, ms) => {
    expect(timeout({ expectedMs })).toBe(ms)
  })

  test('gets the time until the backend is free, and the time of its upload, on top', () => {
    expect(timeout({ startsInMs: 700 })).toBe(2_700)
    expect(timeout({}, 3_000_000)).toBe(5_000)
  })

  test('never gets more than one whose time is a guess', () => {
    expect(timeout({ expectedMs: 20 }, 0, 500)).toBe(500)
    expect(timeout({ expectedMs: 100 }, 0, 500)).toBe(1_000)
    fc.assert(
      fc.property(
        fc.nat(60_000),
        fc.nat(60_000),
        fc.nat(30_000_000),
        fc.integer({ min: 100, max: AMPLE }),
        (startsInMs, expectedMs, bytes, patienceMs) => {
          const known = timeout({ startsInMs, expectedMs }, bytes, patienceMs)
          expect(known).toBeLessThanOrEqual(
            timeout({ startsInMs, expectedMs, isLearnt: false }, bytes, patienceMs),
          )
        },
      ),
      seeded,
    )
  })
})

describe('B5: an attempt whose decode time is a guess', () => {
  test('gets what is configured, or ten times the guess', () => {
    expect(timeout({ isLearnt: false })).toBe(20_000)
    expect(timeout({ isLearnt: false, expectedMs: 4_000 })).toBe(40_000)
    expect(timeout({ isLearnt: false, startsInMs: 700 }, 30_000_000)).toBe(50_700)
  })
})

test('B30: an attempt whose decode time is a guess leaves time for another elsewhere', () => {
  const guess = { isLearnt: false, expectedMs: 10_000 }
  expect(timeout(guess, 0, PATIENCE, 60_000)).toBe(31_000)
  expect(timeout(guess, 0, PATIENCE, 90_000)).toBe(60_000)
  expect(timeout(guess, 0, PATIENCE, 20_000)).toBe(20_000)
})

test('B30: an attempt whose decode time is learnt is shorter where that leaves another its time', () => {
  const known = { expectedMs: 10_000 }
  expect(timeout(known, 0, PATIENCE, 90_000)).toBe(31_000)
  expect(timeout(known, 0, PATIENCE, 55_000)).toBe(25_000)
  expect(timeout(known, 0, PATIENCE, 40_000)).toBe(21_000)
  // Nothing would come of what is left.
  expect(timeout(known, 0, PATIENCE, 30_000)).toBe(30_000)
})

test('B5: an attempt that was given up early tells of no hang', () => {
  expect(hangAfterMs(forecast({ startsInMs: 500, expectedMs: 10_000 }), PATIENCE)).toBe(27_100)
  expect(hangAfterMs(forecast({ expectedMs: 50 }), PATIENCE)).toBe(1_900)
  // Who is configured to have less patience than that hangs sooner.
  expect(hangAfterMs(forecast({ expectedMs: 50 }), 1_500)).toBe(1_425)
  fc.assert(
    fc.property(fc.nat(60_000), fc.nat(60_000), fc.integer({ min: 100, max: AMPLE }), (a, b, patienceMs) => {
      const some = { startsInMs: a, expectedMs: b }
      for (const isLearnt of [true, false])
        expect(hangAfterMs(forecast({ ...some, isLearnt }), patienceMs)).toBeLessThanOrEqual(
          timeout({ ...some, isLearnt }, 0, patienceMs, 1e9),
        )
    }),
    seeded,
  )
})

test('B5: no attempt outlives the deadline of its request', () => {
  fc.assert(
    fc.property(
      fc.nat(200_000),
      fc.nat(200_000),
      fc.boolean(),
      fc.nat(AMPLE),
      (a, b, isLearnt, remaining) => {
        const ms = timeout({ startsInMs: a, expectedMs: b, isLearnt }, 30_000_000, PATIENCE, remaining)
        expect(ms).toBeLessThanOrEqual(remaining)
        expect(receiveTimeoutMs(4_194_304, remaining)).toBeLessThanOrEqual(remaining)
      },
    ),
    seeded,
  )
})

test('B6: bytes that are held back have two seconds, and one for each megabyte', () => {
  expect(receiveTimeoutMs(4_000_000, AMPLE)).toBe(6_000)
})
