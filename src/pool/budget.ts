/**
 * What may be spent on second tries, in decode time: retries a tenth of what is decoded, hedges a fiftieth, so that a
 * pool in trouble is not finished off by its own helpers.
 */
import type { Budget } from './state.ts'

const RETRY_SHARE = 0.1
const HEDGE_SHARE = 0.02
/** Decode time that is remembered, per slot of the pool. */
const WINDOW_MS = 60_000

/** Some retries are always allowed: a quiet pool has earned nothing yet. */
const FLOOR_RETRIES_PER_MS = 3 / 10_000
const FREE_RETRIES_PER_MS = 10 / 1_000

/** A backend that dies takes this many jobs with it at most: what runs and what is staged. */
const floorOf = (slots: number): number => 3 + 2 * slots

/** @param slots of the whole pool */
export function refill(budget: Budget, slots: number, now: number): Budget {
  const passed = Math.max(0, now - budget.at)
  const floor = floorOf(slots)
  return {
    ...budget,
    at: now,
    retries: Math.min(
      floor,
      budget.retries + (budget.at === 0 ? floor : passed * FLOOR_RETRIES_PER_MS * slots),
    ),
    freeRetries: Math.min(2 * floor, budget.freeRetries + passed * FREE_RETRIES_PER_MS * slots),
  }
}

/** A decode was done. */
export function earn(budget: Budget, predictedMs: number, slots: number): Budget {
  const most = WINDOW_MS * slots
  return {
    ...budget,
    retryMs: Math.min(RETRY_SHARE * most, budget.retryMs + RETRY_SHARE * predictedMs),
    hedgeMs: Math.min(HEDGE_SHARE * most, budget.hedgeMs + HEDGE_SHARE * predictedMs),
  }
}

/** Pays for another try; undefined when there is nothing left. `isFree`: the try before cost no decode. */
export function payRetry(budget: Budget, predictedMs: number, isFree: boolean): Budget | undefined {
  if (isFree) return budget.freeRetries >= 1 ? { ...budget, freeRetries: budget.freeRetries - 1 } : undefined
  if (budget.retryMs >= predictedMs) return { ...budget, retryMs: budget.retryMs - predictedMs }
  return budget.retries >= 1 ? { ...budget, retries: budget.retries - 1 } : undefined
}

/** Pays for a second copy of a job that is overdue: from its own share first, then as a retry. */
export const payHedge = (budget: Budget, predictedMs: number): Budget | undefined =>
  budget.hedgeMs >= predictedMs
    ? { ...budget, hedgeMs: budget.hedgeMs - predictedMs }
    : payRetry(budget, predictedMs, false)

/** A second copy that was paid for is not needed any more: its job was answered while it waited. */
export const refundHedge = (budget: Budget, predictedMs: number, slots: number): Budget => ({
  ...budget,
  hedgeMs: Math.max(budget.hedgeMs, Math.min(HEDGE_SHARE * WINDOW_MS * slots, budget.hedgeMs + predictedMs)),
})
