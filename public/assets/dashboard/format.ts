/** Numbers as people read them. */

/** `340 ms`, `1.2 s`, `48 s`, `3 min`, `5 h`, `2 days`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 119.5) return `${Math.round(seconds)} s`
  if (seconds < 119.5 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 47.5 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (value: number): string => grouped.format(value)

/** Two figures below ten: `0.25`, `3.4`, `120`. */
export function amount(value: number): string {
  if (value === 0 || value >= 9.95) return count(value)
  return String(Number(value.toPrecision(2)))
}

/** 100 % is only what has no exception. */
export function percent(share: number): string {
  const shown = Math.round(share * 1000) / 10
  return `${shown === 100 && share < 1 ? 99.9 : shown} %`
}

export const times = (ratio: number): string => `×${ratio.toFixed(2)}`

/** The time that sums are of; empty at the first moment, when nothing can have been added. */
export const lastOf = (ms: number): string => (ms > 0 ? `last ${duration(ms)}` : '')

/** Time of day, `13:05:59`. @param at milliseconds since 1970 */
export const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB')
