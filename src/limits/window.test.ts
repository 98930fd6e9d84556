import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { COUNTED_MS, charge, GRAIN_MS, giveBack, since, unitsIn, type Window, waitMs } from './window.ts'

const MINUTE = 60_000

interface Grant {
  readonly at: number
  readonly units: number
}

/** Asks for units at moments, and keeps a log of its own of everything that was granted. */
function drive(asks: readonly Grant[], limit: number): { window: Window; log: Grant[]; longest: number } {
  let window: Window = []
  let longest = 0
  const log: Grant[] = []
  for (const ask of asks) {
    const { at, units } = ask
    window = since(window, at)
    if (waitMs(window, units, limit, at) === 0) {
      window = charge(window, units, at)
      log.push(ask)
    }
    longest = Math.max(longest, window.length)
  }
  return { window, log, longest }
}

/** The most that a log has in any minute, by looking at every one that ends with a grant. */
const mostInAMinute = (log: readonly Grant[]): number =>
  Math.max(
    0,
    ...log.map(({ at: end }) =>
      log.reduce((sum, { at, units }) => (at <= end && end - at <= MINUTE ? sum + units : sum), 0),
    ),
  )

/** Bursts and pauses of every length: gaps of nothing, of some milliseconds, and of up to a minute and a half. */
const gap = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 * GRAIN_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
)
const asksFor = (units: fc.Arbitrary<number>): fc.Arbitrary<Grant[]> =>
  fc.array(fc.tuple(gap, units), { maxLength: 300 }).map((steps) => {
    let at = 5_000
    return steps.map(([gapMs, units]) => {
      at += gapMs
      return { at, units }
    })
  })

describe('a window', () => {
  test('T19: never grants more than the limit in any minute', () => {
    fc.assert(
      fc.property(asksFor(fc.integer({ min: 1, max: 8 })), fc.integer({ min: 1, max: 40 }), (asks, limit) => {
        expect(mostInAMinute(drive(asks, limit).log)).toBeLessThanOrEqual(limit)
      }),
      { ...seeded, numRuns: 300 },
    )
  })

  test('never refuses what a log with a quarter of a second more would grant, but for one grain', () => {
    fc.assert(
      fc.property(asksFor(fc.constant(1)), fc.integer({ min: 1, max: 40 }), (asks, limit) => {
        const { log } = drive(asks, limit)
        for (const { at } of asks.filter((ask) => !log.includes(ask))) {
          const counted = log.filter(
            (grant) => grant.at <= at && at - grant.at < COUNTED_MS + GRAIN_MS,
          ).length
          expect(counted).toBeGreaterThanOrEqual(limit)
        }
      }),
      { ...seeded, numRuns: 300 },
    )
  })

  test('gives a key that was idle for a minute all of its limit at once', () => {
    fc.assert(
      fc.property(asksFor(fc.integer({ min: 1, max: 8 })), fc.integer({ min: 8, max: 40 }), (asks, limit) => {
        const { window } = drive(asks, limit)
        const after = (asks.at(-1)?.at ?? 0) + COUNTED_MS
        expect(waitMs(since(window, after), limit, limit, after)).toBe(0)
      }),
      seeded,
    )
  })

  test('grants within one percent of the limit under a load that never pauses', () => {
    for (const everyMs of [3, 7, 40, 99]) {
      const asks = Array.from({ length: Math.floor(600_000 / everyMs) }, (_, i) => ({
        at: i * everyMs,
        units: 1,
      }))
      const granted = drive(asks, 600).log.length
      expect(granted).toBeGreaterThanOrEqual(5_940)
      // The first minute's worth is granted at once, so that ten minutes hold what belongs to eleven at most.
      expect(granted).toBeLessThanOrEqual(6_600)
    }
  })

  test('is bounded however much is granted', () => {
    const asks = Array.from({ length: 70_000 }, (_, at) => ({ at, units: 1 }))
    const { longest } = drive(asks, 1_000_000)
    expect(longest).toBeGreaterThan(200)
    expect(longest).toBeLessThanOrEqual(Math.ceil(COUNTED_MS / GRAIN_MS) + 1)
  })

  test('says when there is room, to the millisecond', () => {
    fc.assert(
      fc.property(
        asksFor(fc.integer({ min: 1, max: 8 })),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (asks, limit, units) => {
          const now = asks.at(-1)?.at ?? 0
          const window = since(drive(asks, limit).window, now)
          const wait = waitMs(window, units, limit, now)
          const fitsAt = (at: number): boolean => unitsIn(since(window, at)) + units <= limit
          if (units > limit) {
            expect(wait).toBe(Number.POSITIVE_INFINITY)
            return
          }
          expect(fitsAt(now + wait)).toBe(true)
          if (wait > 0) expect(fitsAt(now + wait - 1)).toBe(false)
        },
      ),
      { ...seeded, numRuns: 300 },
    )
  })

  test('is as if nothing had been when everything is given back', () => {
    fc.assert(
      fc.property(asksFor(fc.integer({ min: 1, max: 8 })), (asks) => {
        const { window, log } = drive(asks, 30)
        const left = log.reduce((rest, { at, units }) => giveBack(rest, units, at), window)
        expect(unitsIn(left)).toBe(0)
      }),
      seeded,
    )
  })

  test('takes nothing back that counts no longer', () => {
    const window = charge([], 5, 100_000)
    expect(giveBack(window, 5, 1_000)).toEqual(window)
  })
})
