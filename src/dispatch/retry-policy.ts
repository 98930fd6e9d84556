/** Whether and where a request is tried again: ordered early exits, one reason each. */
import type { RejectReason } from '../pool/events.ts'
import { type Failure, type FailureReason, isTransparent } from './failure.ts'

export const MAX_ATTEMPTS = 3

/** Without the pool's object nobody counts what retries cost all in all, so there is one. */
export const MAX_ATTEMPTS_DEGRADED = 2

/** Answers that ask for time cost nothing, but a request that gets nothing else shall end. */
const MAX_TRANSPARENT = 10

/** With less time than this left another attempt would only burn GPU time. */
export const MIN_ATTEMPT_MS = 250

/** A second backend's opinion settles these: the request is at fault. */
const ABOUT_THE_REQUEST: readonly FailureReason[] = ['out-of-memory', 'too-large', 'rejected']

/** These pass by themselves, so the same backend may be asked again when there is no other. */
const TRANSIENT: readonly FailureReason[] = ['unreachable', 'crashed', 'broke-off', 'server-error']

/** Refusals that say: of those backends that were not tried none can take it. */
const NONE_LEFT: readonly (RejectReason | 'unreachable')[] = ['exhausted', 'down', 'cold', 'too-large']

export const isTransient = ({ reason }: Failure): boolean => TRANSIENT.includes(reason)

/** Failures that may have cost a decode: all but those of backends that only asked for time. */
export const countedFailures = (failures: readonly Failure[]): Failure[] =>
  failures.filter((failure) => !isTransparent(failure))

export function mayRetry(
  failures: readonly Failure[],
  remainingMs: number,
  maxAttempts: number = MAX_ATTEMPTS,
): boolean {
  const counted = countedFailures(failures)
  if (counted.length >= maxAttempts) return false
  if (failures.length - counted.length >= MAX_TRANSPARENT) return false
  if (remainingMs < MIN_ATTEMPT_MS) return false
  const opinions = failures.filter(({ reason }) => ABOUT_THE_REQUEST.includes(reason))
  return opinions.length < 2
}

/**
 * Backends that shall not get the request (again). Those that asked for time are not among them: the pool knows when
 * to go back. In the second round neither are those that failed in passing.
 */
export function excludedBackends(failures: readonly Failure[], round: 1 | 2): string[] {
  const excluded = countedFailures(failures).filter((failure) => !(round === 2 && isTransient(failure)))
  return [...new Set(excluded.map(({ backendId }) => backendId))]
}

/** Whether there is a point in a second round over the backends that were tried, once the pool has no other. */
export const maySecondRound = (
  refusal: RejectReason | 'unreachable',
  failures: readonly Failure[],
  remainingMs: number,
): boolean => NONE_LEFT.includes(refusal) && mayRetry(failures, remainingMs) && failures.some(isTransient)

/** Before the same backend is asked again: full jitter, 25 to 250 ms. */
export const secondRoundDelayMs = (random: number): number => 25 + 225 * random
