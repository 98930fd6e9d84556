import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { member, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { earn, payHedge, payRetry, refill } from './budget.ts'
import { emptyPool } from './initial.ts'
import type { Budget } from './state.ts'

const EMPTY: Budget = { at: START, retryMs: 0, hedgeMs: 0, retries: 0, freeRetries: 0 }

/** How many tries of 200 ms it pays for. */
function paid(budget: Budget, isFree = false): number {
  let current: Budget | undefined = budget
  let count = -1
  for (; current; count++) current = payRetry(current, 200, isFree)
  return count
}

describe('the budget of a pool', () => {
  test('has some retries from the start, whatever was decoded', () => {
    const fresh = emptyPool([member('a')], { seed: 1, now: START }).budget
    const filled = refill(fresh, 1, START)
    expect(paid(filled)).toBeGreaterThanOrEqual(3)
    expect(paid(filled, true)).toBeGreaterThanOrEqual(3)
    // It begins full only once.
    expect(paid(refill({ ...filled, retries: 0 }, 1, START))).toBe(0)
  })

  test('earns a tenth of what is decoded for retries, and less for hedges', () => {
    let budget = EMPTY
    for (let index = 0; index < 100; index++) budget = earn(budget, 200, 1)
    expect(paid(budget)).toBe(10)
    expect(budget.hedgeMs).toBeLessThan(budget.retryMs / 2)
    expect(budget.hedgeMs).toBeGreaterThan(0)
  })

  test('does not save up without bound', () => {
    let budget = EMPTY
    for (let index = 0; index < 10_000; index++) budget = earn(budget, 10_000, 1)
    const twice = earn(budget, 10_000, 1)
    expect(twice).toEqual(budget)
    expect(refill(refill(EMPTY, 1, START + 1e9), 1, START + 2e9).retries).toBe(
      refill(EMPTY, 1, START + 1e9).retries,
    )
  })

  test('refills its floor with time, faster for tries that cost no decode', () => {
    const later = refill(EMPTY, 1, START + 10_000)
    expect(paid(later)).toBeGreaterThanOrEqual(2)
    expect(paid(later, true)).toBeGreaterThan(paid(later))
    expect(refill(EMPTY, 1, START - 10_000)).toEqual({ ...EMPTY, at: START - 10_000 })
  })

  test('pays a hedge from what hedges earned, then as it pays a retry', () => {
    const budget = { ...EMPTY, retryMs: 300, retries: 1, hedgeMs: 300 }
    const steps = [budget]
    for (let left = payHedge(budget, 200); left; left = payHedge(left, 200)) steps.push(left)
    expect(steps.map(({ hedgeMs, retryMs, retries }) => [hedgeMs, retryMs, retries])).toEqual([
      [300, 300, 1],
      [100, 300, 1],
      [100, 100, 1],
      [100, 100, 0],
    ])
  })

  test('pays for tries that cost no decode by number, and touches nothing else', () => {
    const budget = { ...EMPTY, freeRetries: 1, retryMs: 1_000, retries: 3 }
    expect(payRetry(budget, 200, true)).toEqual({ ...budget, freeRetries: 0 })
    expect(payRetry({ ...budget, freeRetries: 0.9 }, 200, true)).toBeUndefined()
  })

  test('T20: never spends more decode time than a tenth of what was decoded, besides its floor', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('earn' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
      fc.record({ kind: fc.constant('pay' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        let budget = EMPTY
        let earned = 0
        let spent = 0
        for (const { kind, ms } of events) {
          if (kind === 'earn') {
            earned += ms
            budget = earn(budget, ms, 2)
            continue
          }
          const left = payRetry(budget, ms, false)
          if (left) spent += ms
          budget = left ?? budget
          for (const value of Object.values(budget)) expect(value).toBeGreaterThanOrEqual(0)
        }
        expect(spent).toBeLessThanOrEqual(earned / 10 + 1e-6)
      }),
      seeded,
    )
  })
})
