/** How long an attempt may take. Everything here is a duration: deadlines of other machines are not ours. */

/** What the pool foretold of the decode when it granted the slot. */
export interface Forecast {
  /** Until the backend gets to it. */
  readonly startsInMs: number
  readonly expectedMs: number
  /** Whether that is learnt from its decodes, or a guess. */
  readonly isLearnt: boolean
}

/** A guess may be off by this much before the backend is taken to hang. */
const GUESS_FACTOR = 10

/** What is learnt is off by less. */
const LEARNT_FACTOR = 3
const LEARNT_MARGIN_MS = 1_000
const LEARNT_LEAST_MS = 2_000

/** The least that is made of it where another try shall have its time as well. */
const SHORT_FACTOR = 2

/** What another try is left, in decodes: its own, and those it waits for. */
const ANOTHER_FACTOR = 3

/** Slowest link to a backend that is still patience-worthy, in bytes per millisecond. */
const LINK_BYTES_PER_MS = 1_000
const RECEIVE_GRACE_MS = 2_000

/**
 * Time for one attempt until its headers. What is known of a backend shortens the wait for one that hangs, and never
 * lengthens it: the operator's setting holds. The deadline of the request ends it in any case.
 *
 * @param patienceMs as configured: least time for a decode of which only a guess is known
 */
export function attemptTimeoutMs(
  bodyBytes: number,
  { startsInMs, expectedMs, isLearnt }: Forecast,
  patienceMs: number,
  remainingMs: number,
): number {
  const beforeDecode = startsInMs + bodyBytes / LINK_BYTES_PER_MS
  const guessed = Math.max(patienceMs, GUESS_FACTOR * expectedMs)
  const learnt = Math.max(LEARNT_LEAST_MS, LEARNT_FACTOR * expectedMs + LEARNT_MARGIN_MS)
  // However little is known, another backend shall have its turn if this one hangs.
  const leavesAnother = Math.max(learnt, remainingMs - beforeDecode - ANOTHER_FACTOR * expectedMs)
  const decode = isLearnt ? shortened(learnt, expectedMs, remainingMs - beforeDecode) : leavesAnother
  return Math.min(beforeDecode + Math.min(guessed, decode), remainingMs)
}

/** Longer than what is learnt is off by now and then. */
const HANG_FACTOR = 2.7
const TIMER_SHARE = 0.95

/**
 * After so long an attempt that is given up speaks against its backend. One that is given up before only shows that its
 * request was in a hurry.
 *
 * @param patienceMs as configured
 */
export function hangAfterMs({ startsInMs, expectedMs }: Forecast, patienceMs: number): number {
  const guessed = Math.max(patienceMs, GUESS_FACTOR * expectedMs)
  const learnt = Math.max(LEARNT_LEAST_MS, HANG_FACTOR * expectedMs + LEARNT_MARGIN_MS)
  // Clocks and timers agree to a millisecond or so.
  return startsInMs + TIMER_SHARE * Math.min(guessed, learnt)
}

/** Less than `ms` where that gives another try the time it needs, and as it is where nothing would. */
function shortened(ms: number, expectedMs: number, remainingMs: number): number {
  const least = SHORT_FACTOR * expectedMs + LEARNT_MARGIN_MS
  if (remainingMs - least < expectedMs) return ms
  return Math.min(ms, Math.max(least, LEARNT_LEAST_MS, remainingMs - ANOTHER_FACTOR * expectedMs))
}

/** Time from an answer's headers until so many bytes of it are there. */
export const receiveTimeoutMs = (bytes: number, remainingMs: number): number =>
  Math.min(RECEIVE_GRACE_MS + bytes / LINK_BYTES_PER_MS, remainingMs)
