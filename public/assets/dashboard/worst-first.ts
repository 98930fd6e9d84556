/** In which order rows stand: whoever needs somebody first, and otherwise always in the same places. */

import { rankOf } from './health.ts'
import type { BackendRow, PoolRow } from './rows.ts'

/** From here on a backend that serves is worth a look. */
const SLOW = 1.5
const FAILS = 0.1
const MIN_ATTEMPTS = 5

const byName = new Intl.Collator('en', { numeric: true }).compare

/** Whether it serves, but badly: slower than expected, or failing often, with some evidence. */
export function isWorrying({ speed, samples, attempts, failures }: BackendRow): boolean {
  const isSlow = samples >= MIN_ATTEMPTS && speed >= SLOW
  return isSlow || (attempts >= MIN_ATTEMPTS && failures / attempts >= FAILS)
}

/** By kinds of trouble and not by numbers, so that rows do not change places with every answer. */
export const worstFirst = (rows: readonly BackendRow[]): BackendRow[] =>
  rows.toSorted(
    (a, b) =>
      rankOf(a.state) - rankOf(b.state) ||
      Number(isWorrying(b)) - Number(isWorrying(a)) ||
      Number(b.busyForMs > 0) - Number(a.busyForMs > 0) ||
      byName(a.id, b.id),
  )

/** Silent pools, then those that serve least, then those where most waits. */
export const poolsWorstFirst = (rows: readonly PoolRow[]): PoolRow[] =>
  rows.toSorted(
    (a, b) =>
      Number(a.isReachable) - Number(b.isReachable) ||
      Number(a.serving > 0) - Number(b.serving > 0) ||
      Number(b.queued > 0) - Number(a.queued > 0) ||
      byName(a.name, b.name),
  )

/** Every word must be found in what is known of the backend. */
export function matches(row: BackendRow, words: string): boolean {
  const text = [row.id, row.pool, row.shard ?? '', row.kind, row.state, ...row.models].join(' ').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
