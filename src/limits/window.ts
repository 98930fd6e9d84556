/**
 * How much was granted in any minute: a log whose entries are merged when they lie close together.
 *
 * An entry is counted until the latest grant in it is a minute old, so that the sum is never less than what was
 * granted in the last minute, whichever minute one looks at; and a key that was idle for a minute has all of its limit
 * at once. A token bucket keeps only one of these promises. Entries are at least a grain apart, so a window is at
 * most 242 of them however much is granted, and a grant counts a grain longer than it must: at most 0.8 % of the limit
 * is lost under a load that never pauses.
 *
 * Units are whole numbers (requests, pixels), which add up without rounding.
 */

export interface Entry {
  /** The first and the latest grant, in milliseconds of the key's own time. */
  readonly from: number
  readonly at: number
  readonly units: number
}

/** The oldest first. */
export type Window = readonly Entry[]

/**
 * A quarter of a second more than a minute: clocks count whole milliseconds, and a client that measures by its own sees
 * one grant late and another early.
 */
export const COUNTED_MS = 60_250

/** Grants that are closer together are counted as one. */
export const GRAIN_MS = 250

/** What of a window still counts. */
export const since = (window: Window, now: number): Window => window.filter(({ at }) => now - at < COUNTED_MS)

export const unitsIn = (window: Window): number => window.reduce((sum, { units }) => sum + units, 0)

/**
 * Until so many units more are within the limit, in milliseconds; 0 when they are now, infinite when they never are.
 *
 * @param window as `since` leaves it
 */
export function waitMs(window: Window, units: number, limit: number, now: number): number {
  let excess = unitsIn(window) + units - limit
  if (excess <= 0) return 0
  if (units > limit) return Number.POSITIVE_INFINITY
  for (const entry of window) {
    excess -= entry.units
    if (excess <= 0) return entry.at + COUNTED_MS - now
  }
  return Number.POSITIVE_INFINITY
}

export function charge(window: Window, units: number, now: number): Window {
  const last = window.at(-1)
  if (!last || now - last.from >= GRAIN_MS) return [...window, { from: now, at: now, units }]
  return [...window.slice(0, -1), { from: last.from, at: now, units: last.units + units }]
}

/** Takes a charge back, unless it counts no longer. */
export const giveBack = (window: Window, units: number, chargedAt: number): Window =>
  window.flatMap((entry) => {
    if (chargedAt < entry.from || chargedAt > entry.at) return [entry]
    const left = entry.units - units
    return left > 0 ? [{ ...entry, units: left }] : []
  })
