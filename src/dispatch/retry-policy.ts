/** Whether and where a request is tried again: ordered early exits, one reason each. */
import type { RejectReason } from '../pool/events.ts'
import { type Failure, type FailureReason, isTransparent } from './failure.ts'

export const MAX_ATTEMPTS = 3

/** Without the pool's object nobody counts what retries cost all in all, so there is one. */
export const MAX_ATTEMPTS_DEGRADED = 2

/** Tries that cost nothing are not counted, but a request that gets nothing else shall end. */
const MAX_FREE = 20

/** The longest that a request waits by itself for a backend that asked for time. */
const MAX_PAUSE_MS = 5_000

/** With less time than this left another attempt would only burn GPU time. */
export const MIN_ATTEMPT_MS = 250

/** A second backend's opinion settles these: the request is at fault. */
const ABOUT_THE_REQUEST: readonly FailureReason[] = ['out-of-memory', 'too-large', 'rejected']

/** These pass by themselves, so the same backend may be asked again when there is no other. */
const TRANSIENT: readonly FailureReason[] = [
  'unreachable',
  'crashed',
  'broke-off',
  'server-error',
  'busy',
  'cold',
]

/** Refusals that say: of those backends that were not tried none can take it. */
const NONE_LEFT: readonly (RejectReason | 'unreachable')[] = ['exhausted', 'down', 'cold', 'too-large']

export const isTransient = ({ reason }: Failure): boolean => TRANSIENT.includes(reason)

/** Failures that may have cost a decode: not those of backends that only asked for time, or could not be reached. */
export const countedFailures = (failures: readonly Failure[]): Failure[] =>
  failures.filter((failure) => !isTransparent(failure) && failure.reason !== 'unreachable')

export function mayRetry(
  failures: readonly Failure[],
  remainingMs: number,
  maxAttempts: number = MAX_ATTEMPTS,
): boolean {
  const counted = countedFailures(failures)
  if (counted.length >= maxAttempts) return false
  if (failures.length - counted.length >= MAX_FREE) return false
  if (remainingMs < MIN_ATTEMPT_MS) return false
  const opinions = failures.filter(({ reason }) => ABOUT_THE_REQUEST.includes(reason))
  return opinions.length < 2
}

/**
 * Backends that shall not get the request (again). One that asked for time is not among them, as the pool knows when to go
 * back; it is once it asks again, as it may be this request that it refuses. From the second round on those that failed
 * in passing are asked again.
 */
export function excludedBackends(failures: readonly Failure[], round: number): string[] {
  const hasAskedTwice = ({ backendId }: Failure): boolean =>
    failures.filter((other) => other.backendId === backendId && isTransparent(other)).length >= 2
  const excluded = failures.filter(
    (failure) => (!isTransparent(failure) || hasAskedTwice(failure)) && !(round > 1 && isTransient(failure)),
  )
  return [...new Set(excluded.map(({ backendId }) => backendId))]
}

/** Rounds over the backends: one that went away is asked again when it is back, and may go away once more. */
export const MAX_ROUNDS = 4

/** Whether there is a point in a second round over the backends that were tried, once the pool has no other. */
export const maySecondRound = (
  refusal: RejectReason | 'unreachable',
  failures: readonly Failure[],
  remainingMs: number,
): boolean =>
  NONE_LEFT.includes(refusal) &&
  mayRetry(failures, remainingMs - secondRoundDelayMs(failures, 1)) &&
  failures.some((failure) => isTransient(failure) && (failure.retryAfterMs ?? 0) <= MAX_PAUSE_MS)

/** Before the same backend is asked again: full jitter, 25 to 250 ms, after what the last one asked for. */
export const secondRoundDelayMs = (failures: readonly Failure[], random: number): number =>
  Math.min(MAX_PAUSE_MS, failures.at(-1)?.retryAfterMs ?? 0) + 25 + 225 * random
