/** What a key has used of its calendar month, UTC. It goes by the wall clock, as the bill of whoever runs the GPUs does. */

export interface Month {
  /** Its first millisecond, since 1970. */
  readonly start: number
  readonly pixels: number
}

export function monthStart(wall: number): number {
  const date = new Date(wall)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
}

/** The first millisecond of the month that follows. */
export function monthEnd(start: number): number {
  const date = new Date(start)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}

/** A clock is not corrected by more, but when it was quite wrong. */
const CORRECTED_MS = 86_400_000

/**
 * The month at a moment. A clock that is set back brings no former month back, which would be used twice; but a month that
 * is far ahead was never there, and what was used in it counts for the present one.
 */
export function monthAt(month: Month, wall: number): Month {
  const start = monthStart(wall)
  if (start > month.start) return { start, pixels: 0 }
  return month.start > wall + CORRECTED_MS ? { start, pixels: month.pixels } : month
}

/** Takes a charge back, unless it was in another month. */
export function refundMonth(month: Month, pixels: number, chargedIn: number): Month {
  return month.start === chargedIn ? { ...month, pixels: Math.max(0, month.pixels - pixels) } : month
}
