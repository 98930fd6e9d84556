/** What became of backends while the page watched. */
import type { BackendStatus } from '../../../src/admin/contract.ts'
import { isServing } from './health.ts'
import type { BackendRow } from './rows.ts'

export interface Change {
  /** Milliseconds since 1970, of the answer that showed it. */
  readonly at: number
  readonly backend: string
  readonly from: BackendStatus['state']
  readonly to: BackendStatus['state']
  readonly reason: string
}

export function changesBetween(
  before: readonly BackendRow[],
  after: readonly BackendRow[],
  at: number,
): Change[] {
  const states = new Map(before.map(({ id, state }) => [id, state]))
  return after.flatMap(({ id, state, reason }) => {
    const from = states.get(id)
    return from === undefined || from === state ? [] : [{ at, backend: id, from, to: state, reason }]
  })
}

/** For those who cannot see the table: who serves no more, and who serves again. Empty where that did not change. */
export function announce(changes: readonly Change[]): string {
  const out = changes.filter(({ from, to }) => isServing({ state: from }) && !isServing({ state: to }))
  const back = changes.filter(({ from, to }) => !isServing({ state: from }) && isServing({ state: to }))
  const name = (some: readonly Change[], what: string, why = ''): string => {
    const [first] = some
    if (!first) return ''
    return some.length === 1 ? `${first.backend} ${what}.${why}` : `${some.length} backends ${what}.`
  }
  const reason = out[0]?.reason ? ` ${out[0].reason}` : ''
  return [name(out, 'out of service', reason), name(back, 'in service again')]
    .filter((text) => text !== '')
    .join(' ')
}
