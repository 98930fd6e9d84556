/**
 * A time of one's own. Somebody may set the platform's clock, and then all that is due would be an hour late, or over
 * at once. So whoever lives long counts what passes by itself.
 */

/** Of one's own time, and of the clock that it was read from; both in milliseconds. */
export interface Reading {
  readonly now: number
  readonly wall: number
}

/** The timer of a machine that is busy is late, but not by so much. */
const LATE_MS = 10_000

/**
 * Stands still while the clock is set back, and believes no more of a leap than a timer that is set allows.
 *
 * @param dueAt when the timer goes off, in one's own time; undefined while none is set
 */
export function advance({ now, wall }: Reading, wallNow: number, dueAt: number | undefined): Reading {
  const passedMs = Math.max(0, wallNow - wall)
  const mostMs = dueAt === undefined ? passedMs : Math.max(0, dueAt - now) + LATE_MS
  return { now: now + Math.min(passedMs, mostMs), wall: wallNow }
}
