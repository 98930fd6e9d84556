/**
 * A time of one's own. The platform has one clock, the machine's, which its operator or a time server may set; then all
 * that is due would be an hour late, or over at once. So each that lives long counts what passes by itself.
 */

/** What has been counted, and the clock that it was read from; both in milliseconds. */
export interface Reading {
  readonly now: number
  readonly wall: number
}

/** The timer of a machine that is busy is late, but not by so much: what is more is a clock that was set. */
const LATE_MS = 2_000

/** A step back of less is a clock that is being trimmed. */
const TRIMMED_MS = 1_000

/** More than a minute, which is the longest that a limit or a memory of an isolate counts for. */
export const UNSEEN_MS = 61_000

/**
 * Stands still while the clock is set back, and believes no more of a leap than until the timer that is set.
 *
 * @param dueAt when the timer goes off, in the time that is counted; undefined while none is set
 * @param unseenMs what counts as passed when the clock is set back; it is not known how much did
 */
export function advance(
  { now, wall }: Reading,
  wallNow: number,
  dueAt: number | undefined,
  unseenMs = 0,
): Reading {
  const passedMs = wallNow - wall
  if (passedMs < 0) return { now: now + (passedMs < -TRIMMED_MS ? unseenMs : 0), wall: wallNow }
  const dueMs = dueAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, dueAt - now)
  return { now: now + (passedMs <= dueMs + LATE_MS ? passedMs : dueMs), wall: wallNow }
}
