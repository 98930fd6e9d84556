/** Where a key stands, for its holder's headers and for the operator. */
import type { Account, Times } from './account.ts'
import { type Bounds, megapixelsOf } from './bounds.ts'
import { monthEnd } from './month.ts'
import type { Quota } from './protocol.ts'
import { COUNTED_MS, unitsIn, type Window } from './window.ts'

const MINUTE_S = 60

/** @param account as `accountAt` leaves it */
export function quotasOf(account: Account, bounds: Bounds, { now, wall }: Times): readonly Quota[] {
  const { requestsPerMinute, pixelsPerMinute, concurrency, pixelsPerMonth } = bounds
  const quotas: Quota[] = []
  if (requestsPerMinute !== null) {
    const remaining = left(requestsPerMinute, unitsIn(account.requests))
    const resetMs = untilMore(account.requests, now)
    quotas.push({ policy: 'requests', limit: requestsPerMinute, windowS: MINUTE_S, remaining, resetMs })
  }
  if (pixelsPerMinute !== null) {
    const remaining = megapixelsOf(left(pixelsPerMinute, unitsIn(account.pixels)))
    const resetMs = untilMore(account.pixels, now)
    const limit = megapixelsOf(pixelsPerMinute)
    quotas.push({ policy: 'megapixels', limit, windowS: MINUTE_S, remaining, resetMs })
  }
  if (concurrency !== null) {
    const remaining = left(concurrency, account.places.length)
    quotas.push({ policy: 'concurrency', limit: concurrency, windowS: null, remaining, resetMs: 0 })
  }
  if (pixelsPerMonth !== null) {
    const { start, pixels } = account.month
    const end = monthEnd(start)
    quotas.push({
      policy: 'month',
      limit: megapixelsOf(pixelsPerMonth),
      windowS: (end - start) / 1_000,
      remaining: megapixelsOf(left(pixelsPerMonth, pixels)),
      resetMs: Math.max(0, end - wall),
    })
  }
  return quotas
}

/** An override may have taken the limit below what was used before. */
const left = (limit: number, used: number): number => Math.max(0, limit - used)

const untilMore = ([oldest]: Window, now: number): number => (oldest ? oldest.at + COUNTED_MS - now : 0)
