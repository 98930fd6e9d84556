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

/** The month at a moment. A clock that is set back brings no former month back, which would be used twice. */
export function monthAt(month: Month, wall: number): Month {
  const start = monthStart(wall)
  return start > month.start ? { start, pixels: 0 } : month
}

/** Takes a charge back, unless it was in another month. */
export function refundMonth(month: Month, pixels: number, chargedIn: number): Month {
  return month.start === chargedIn ? { ...month, pixels: Math.max(0, month.pixels - pixels) } : month
}
