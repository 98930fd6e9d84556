/** One key's account: every limit is asked at once, and either all of them are charged or none is. */
import type { Bounds } from './bounds.ts'
import { type Month, monthAt, monthEnd, refundMonth } from './month.ts'
import { held, leave, type Place, take } from './places.ts'
import type { PolicyName } from './protocol.ts'
import { charge, giveBack, since, type Window, waitMs } from './window.ts'

export interface Account {
  readonly requests: Window
  readonly pixels: Window
  readonly month: Month
  readonly places: readonly Place[]
  readonly nextId: number
}

export const EMPTY_ACCOUNT: Account = {
  requests: [],
  pixels: [],
  month: { start: 0, pixels: 0 },
  places: [],
  nextId: 1,
}

/** Own time of the key, and the wall clock; both in milliseconds. */
export interface Times {
  readonly now: number
  readonly wall: number
}

/** What one request was charged, and the place that it holds. */
export interface Charge {
  readonly id: number
  readonly pixels: number
  readonly at: number
  readonly month: number
}

/** A policy that a request does not fit in. */
export interface Violation {
  readonly policy: PolicyName
  /** Infinite when it never does: it asks for more than the policy allows at all. */
  readonly waitMs: number
}

export type Admitted =
  | { readonly ok: true; readonly account: Account; readonly charge: Charge }
  | { readonly ok: false; readonly account: Account; readonly violations: readonly Violation[] }

/** Nobody knows when a request under way will end; most decodes take about so long. */
const PLACE_WAIT_MS = 1_000

/** The account at a moment, without what counts no longer. */
export const accountAt = (account: Account, { now, wall }: Times): Account => ({
  ...account,
  requests: since(account.requests, now),
  pixels: since(account.pixels, now),
  month: monthAt(account.month, wall),
  places: held(account.places, now),
})

export function admit(before: Account, pixels: number, bounds: Bounds, times: Times): Admitted {
  const account = accountAt(before, times)
  const violations = violationsOf(account, pixels, bounds, times)
  if (violations.length > 0) return { ok: false, account, violations }
  const { now } = times
  const { requests, month, places, nextId: id } = account
  const charged: Account = {
    // What is not limited is not remembered either.
    requests: bounds.requestsPerMinute === null ? requests : charge(requests, 1, now),
    pixels: bounds.pixelsPerMinute === null ? account.pixels : charge(account.pixels, pixels, now),
    month: { ...month, pixels: month.pixels + pixels },
    places: take(places, id, now),
    nextId: id + 1,
  }
  return { ok: true, account: charged, charge: { id, pixels, at: now, month: month.start } }
}

function violationsOf(account: Account, pixels: number, bounds: Bounds, times: Times): Violation[] {
  const { requestsPerMinute, pixelsPerMinute, concurrency, pixelsPerMonth } = bounds
  const { now, wall } = times
  const waits: readonly (readonly [PolicyName, number])[] = [
    ['requests', requestsPerMinute === null ? 0 : waitMs(account.requests, 1, requestsPerMinute, now)],
    ['megapixels', pixelsPerMinute === null ? 0 : waitMs(account.pixels, pixels, pixelsPerMinute, now)],
    ['concurrency', concurrency === null ? 0 : placeWaitMs(account.places.length, concurrency)],
    ['month', pixelsPerMonth === null ? 0 : monthWaitMs(account.month, pixels, pixelsPerMonth, wall)],
  ]
  const violations = waits.flatMap(([policy, waitMs]) => (waitMs > 0 ? [{ policy, waitMs }] : []))
  // What never fits is all that there is to say.
  const never = violations.filter(({ waitMs }) => waitMs === Number.POSITIVE_INFINITY)
  return never.length > 0 ? never : violations
}

function placeWaitMs(taken: number, limit: number): number {
  if (taken < limit) return 0
  return limit < 1 ? Number.POSITIVE_INFINITY : PLACE_WAIT_MS
}

function monthWaitMs(month: Month, pixels: number, limit: number, wall: number): number {
  if (month.pixels + pixels <= limit) return 0
  return pixels > limit ? Number.POSITIVE_INFINITY : Math.max(1, monthEnd(month.start) - wall)
}

/** The request is over. */
export const finish = (account: Account, { id }: Charge): Account => ({
  ...account,
  places: leave(account.places, id),
})

/** We failed: what was charged is given back. */
export const refund = (account: Account, { pixels, at, month }: Charge): Account => ({
  ...account,
  requests: giveBack(account.requests, 1, at),
  pixels: giveBack(account.pixels, pixels, at),
  month: refundMonth(account.month, pixels, month),
})
