/** In which order rows stand: whoever needs somebody first, and otherwise always in the same places. */

import { percent, times } from './format.ts'
import { isServing, rankOf } from './health.ts'
import type { BackendRow, PoolRow } from './rows.ts'

/** From here on a backend that serves is worth a look. */
const SLOW = 1.5
const FAILS = 0.1
const MIN_ATTEMPTS = 5

const byName = new Intl.Collator('en', { numeric: true }).compare

/** What is wrong with one that serves, with some evidence: it is slower than expected, or fails often. */
export function worriesOf({ speed, samples, attempts, failures, reasons }: BackendRow): string {
  const isSlow = samples >= MIN_ATTEMPTS && speed >= SLOW
  const fails = attempts >= MIN_ATTEMPTS && failures / attempts >= FAILS
  return [
    isSlow ? `Its decodes take ${times(speed)} of what is expected.` : '',
    fails
      ? `${percent(failures / attempts)} of its attempts fail: ${reasons.map(([reason]) => reason).join(', ')}.`
      : '',
  ]
    .filter((text) => text !== '')
    .join(' ')
}

export const isWorrying = (row: BackendRow): boolean => worriesOf(row) !== ''

/** By kinds of trouble and not by numbers, so that rows do not change places with every answer. */
export const worstFirst = (rows: readonly BackendRow[]): BackendRow[] =>
  rows.toSorted(
    (a, b) =>
      rankOf(a.state) - rankOf(b.state) ||
      Number(isWorrying(b)) - Number(isWorrying(a)) ||
      Number(b.busyForMs > 0) - Number(a.busyForMs > 0) ||
      byName(a.id, b.id),
  )

/** Rows that a page shows before somebody asks for more: all in trouble, and as many others as there is room for. */
const ROOM = 12

export const shownFirst = (sorted: readonly BackendRow[]): BackendRow[] =>
  sorted.filter((row, index) => index < ROOM || !isServing(row) || isWorrying(row))

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
