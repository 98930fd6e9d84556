/** Whether and where a request is tried again: ordered early exits, one reason each. */
import type { Failure, FailureReason } from './failure.ts'

export const MAX_ATTEMPTS = 3

/** With less time than this left another attempt would only burn GPU time. */
const MIN_ATTEMPT_MS = 250

/** A second backend's opinion settles these: the request is at fault. */
const ABOUT_THE_REQUEST: readonly FailureReason[] = ['out-of-memory', 'too-large', 'rejected']

/** These pass by themselves, so the same backend may be asked again when there is no other. */
const TRANSIENT: readonly FailureReason[] = ['unreachable', 'broke-off', 'server-error']

/** These pause their backend in the pool, which knows better than we do when to go back. */
const PAUSING: readonly FailureReason[] = ['busy', 'cold']

export function mayRetry(failures: readonly Failure[], remainingMs: number): boolean {
  if (failures.length >= MAX_ATTEMPTS) return false
  if (remainingMs < MIN_ATTEMPT_MS) return false
  const opinions = failures.filter(({ reason }) => ABOUT_THE_REQUEST.includes(reason))
  return opinions.length < 2
}

/** Backends that shall not get the request (again). In the second round those that failed in passing may. */
export function excludedBackends(failures: readonly Failure[], round: 1 | 2): string[] {
  const excluded = failures.filter(
    ({ reason }) => !PAUSING.includes(reason) && !(round === 2 && TRANSIENT.includes(reason)),
  )
  return [...new Set(excluded.map(({ backendId }) => backendId))]
}

/** Whether there is a point in a second round over the backends that were tried. */
export const maySecondRound = (failures: readonly Failure[], remainingMs: number): boolean =>
  mayRetry(failures, remainingMs) && failures.some(({ reason }) => TRANSIENT.includes(reason))

/** Before the same backend is asked again: full jitter, 25 to 250 ms. */
export const secondRoundDelayMs = (random: number): number => 25 + 225 * random
