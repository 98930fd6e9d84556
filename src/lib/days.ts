/** Days as numbers since 1970-01-01, UTC. */

export const DAY_MS = 86_400_000

/** The day a moment falls on. */
export const dayOf = (now: number): number => Math.floor(now / DAY_MS)

/** Whether the last day is over; 0 is no day. */
export const isPastDay = (lastDay: number, now: number): boolean => lastDay !== 0 && dayOf(now) > lastDay

/** `2026-11-23` */
export const formatDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
