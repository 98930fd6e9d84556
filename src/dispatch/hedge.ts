/** When a second copy of a request is worth its GPU time. The pool says whether there is an idle backend for it. */
import type { Forecast } from './deadline.ts'
import type { Failure } from './failure.ts'
import { countedFailures, MAX_ATTEMPTS, MIN_ATTEMPT_MS } from './retry-policy.ts'

const SLOW_FACTOR = 2
const SLOW_MARGIN_MS = 1_000

/** After so long an attempt is slower than can be put down to the decode. */
export const hedgeAfterMs = ({ startsInMs, expectedMs }: Forecast): number =>
  startsInMs + Math.max(SLOW_FACTOR * expectedMs, expectedMs + SLOW_MARGIN_MS)

export interface Prospects {
  readonly failures: readonly Failure[]
  /** A request has one hedge at most. */
  readonly hasHedged: boolean
  /** Until the attempt that runs is given up. */
  readonly timeoutMs: number
  readonly isLocal: boolean
}

/**
 * Whether an attempt that starts now may be hedged: it counts as one of the three, so the last attempt has none; and
 * without the pool's object nobody knows of an idle backend.
 */
export function mayHedge(
  forecast: Forecast,
  { failures, hasHedged, timeoutMs, isLocal }: Prospects,
): boolean {
  if (hasHedged || isLocal) return false
  if (countedFailures(failures).length + 2 > MAX_ATTEMPTS) return false
  return hedgeAfterMs(forecast) + MIN_ATTEMPT_MS <= timeoutMs
}
