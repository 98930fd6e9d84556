/** The last day of a key, as an operator says it. */
import { InvalidArgumentError } from 'commander'
import { dayOf } from '../../auth/api-key.ts'

const DAY_MS = 86_400_000

/** `90d` from today, or `2027-01-31`; the last day on which the key is valid, as days since 1970 UTC. */
export function parseExpiry(text: string, now: number): number {
  const days = /^([1-9][0-9]{0,4})d$/.exec(text)?.[1]
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // 31 February would be read as 3 March.
  const isDate = Number.isFinite(date) && new Date(date).toISOString().startsWith(text)
  const day = days === undefined ? dayOf(isDate ? date : Number.NaN) : dayOf(now) + Number(days)
  if (!(day >= dayOf(now) && day <= 65_535)) {
    throw new InvalidArgumentError(
      'Expected a number of days such as 90d, or a date to come such as 2027-01-31.',
    )
  }
  return day
}

/** `2027-01-31`; null for a key that does not expire. */
export const formatDay = (day: number): string | null =>
  day === 0 ? null : new Date(day * DAY_MS).toISOString().slice(0, 10)
