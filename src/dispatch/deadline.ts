/** How long an attempt may take. Everything here is a duration: deadlines of other machines are not ours. */
import { GUESS_FACTOR, OVERDUE_DEVIATIONS, OVERDUE_LEAST_MS } from '../pool/tuning.ts'

/** What the pool foretold of the decode when it granted the slot. */
export interface Forecast {
  /** Until the backend gets to it. */
  readonly startsInMs: number
  readonly expectedMs: number
  /** How far decodes are from that, as a smoothed mean. */
  readonly deviationMs: number
  /** Whether that is learnt from its decodes, or a guess. */
  readonly isLearnt: boolean
}

/** Slowest link to a backend that is waited for, in bytes per millisecond. */
const LINK_BYTES_PER_MS = 1_000
const RECEIVE_GRACE_MS = 2_000

/** A guess is worth this share of the time that the client has left, so that another backend has time as well. */
const GUESS_SHARE = 0.5

/**
 * After so long without an answer another backend is asked for. The attempt goes on until one of the two answers: a decode
 * that takes longer than expected is never given up for nothing.
 *
 * @param patienceMs as configured: least time for a decode of which only a guess is known
 * @param remainingMs until the deadline of the request
 */
export function overdueAfterMs(
  bodyBytes: number,
  { startsInMs, expectedMs, deviationMs, isLearnt }: Forecast,
  patienceMs: number,
  remainingMs: number,
): number {
  const beforeDecode = startsInMs + bodyBytes / LINK_BYTES_PER_MS
  const margin = Math.max(expectedMs, OVERDUE_DEVIATIONS * deviationMs, OVERDUE_LEAST_MS)
  if (isLearnt) return beforeDecode + expectedMs + margin
  const guessed = Math.max(patienceMs, GUESS_FACTOR * expectedMs)
  return beforeDecode + Math.min(guessed, Math.max(expectedMs + margin, GUESS_SHARE * remainingMs))
}

/** Time from an answer's headers until so many bytes of it are there. */
export const receiveTimeoutMs = (bytes: number, remainingMs: number): number =>
  Math.min(RECEIVE_GRACE_MS + bytes / LINK_BYTES_PER_MS, remainingMs)
