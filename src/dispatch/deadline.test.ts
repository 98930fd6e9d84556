import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { type Forecast, overdueAfterMs, receiveTimeoutMs } from './deadline.ts'

const PATIENCE = 20_000
const AMPLE = 900_000
const overdue = (changes: Partial<Forecast>, bodyBytes = 0, patienceMs = PATIENCE, remainingMs = AMPLE) =>
  overdueAfterMs(
    bodyBytes,
    { startsInMs: 0, expectedMs: 200, deviationMs: 0, isLearnt: true, ...changes },
    patienceMs,
    remainingMs,
  )

const forecasts = fc.record({
  startsInMs: fc.nat(60_000),
  expectedMs: fc.nat(60_000),
  deviationMs: fc.nat(20_000),
  isLearnt: fc.boolean(),
})

describe('B5: an attempt whose decode time is learnt', () => {
  test.each([
    [0, 0, 1_000],
    [5, 1, 1_005],
    [200, 50, 1_200],
    [200, 300, 1_400],
    [1_000, 100, 2_000],
    [5_000, 500, 10_000],
    [5_000, 2_000, 13_000],
  ])(
    'of %i ms, give or take %i, is overdue after %i ms: twice that, four deviations or a second more',
    (expectedMs, deviationMs, ms) => {
      expect(overdue({ expectedMs, deviationMs })).toBe(ms)
    },
  )

  test('has the time until the backend is free, and the time of its upload, on top', () => {
    expect(overdue({ startsInMs: 700 })).toBe(1_900)
    expect(overdue({}, 3_000_000)).toBe(4_200)
  })

  test('is overdue after the same time, however long its request has left', () => {
    expect(overdue({ expectedMs: 10_000 }, 0, PATIENCE, 12_000)).toBe(20_000)
    expect(overdue({ expectedMs: 10_000 }, 0, 500, 12_000)).toBe(20_000)
  })
})

describe('B5: an attempt whose decode time is a guess', () => {
  test('has what is configured, or ten times the guess', () => {
    expect(overdue({ isLearnt: false })).toBe(20_000)
    expect(overdue({ isLearnt: false, expectedMs: 4_000 })).toBe(40_000)
    expect(overdue({ isLearnt: false, startsInMs: 700 }, 30_000_000)).toBe(50_700)
  })

  test('B30: leaves half of the time for another, unless the guess itself is longer', () => {
    expect(overdue({ isLearnt: false }, 0, PATIENCE, 10_000)).toBe(5_000)
    expect(overdue({ isLearnt: false, expectedMs: 10_000 }, 0, PATIENCE, 90_000)).toBe(45_000)
    expect(overdue({ isLearnt: false, expectedMs: 4_000 }, 0, PATIENCE, 10_000)).toBe(8_000)
  })

  test('is never overdue before one that is learnt, unless its time is short or so configured', () => {
    fc.assert(
      fc.property(forecasts, fc.nat(30_000_000), (forecast, bytes) => {
        const expectedMs = Math.max(forecast.expectedMs, forecast.deviationMs)
        const learnt = overdue({ ...forecast, expectedMs, isLearnt: true }, bytes)
        const guess = overdue({ ...forecast, expectedMs, isLearnt: false }, bytes)
        expect(guess).toBeGreaterThanOrEqual(learnt)
      }),
      seeded,
    )
  })
})

test('B5: no attempt is overdue before its backend can have got to it, sent it and decoded it', () => {
  fc.assert(
    fc.property(
      forecasts,
      fc.nat(30_000_000),
      fc.integer({ min: 1_000, max: AMPLE }),
      fc.integer({ min: -100, max: AMPLE }),
      (forecast, bytes, patienceMs, remainingMs) => {
        const ms = overdue(forecast, bytes, patienceMs, remainingMs)
        const least = forecast.startsInMs + bytes / 1_000 + Math.min(forecast.expectedMs, patienceMs) + 1_000
        expect(ms).toBeGreaterThanOrEqual(forecast.isLearnt ? least : least - 1_000)
      },
    ),
    seeded,
  )
})

test('B6: bytes that are held back have two seconds, and one for each megabyte, until the deadline at most', () => {
  expect(receiveTimeoutMs(4_000_000, AMPLE)).toBe(6_000)
  expect(receiveTimeoutMs(4_000_000, 3_000)).toBe(3_000)
})
