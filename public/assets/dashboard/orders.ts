/** What an operator can do with a backend, and what would come of it. */
import type { Order, OrderedBackend } from '../../../src/admin/contract.ts'
import { isServing, STATES } from './health.ts'
import type { BackendRow } from './rows.ts'

interface OrderView {
  readonly order: Order
  readonly label: string
  readonly meaning: string
}

export const ORDERS: readonly OrderView[] = [
  { order: 'drain', label: 'Drain', meaning: 'What runs may end, nothing new is sent.' },
  { order: 'disable', label: 'Disable', meaning: 'As if it were not there, at once.' },
  {
    order: 'enable',
    label: 'Enable',
    meaning: 'It may serve again, once a small decode has shown that it can.',
  },
  {
    order: 'probe',
    label: 'Probe',
    meaning: 'Looks at it now, with a small decode of our own if it is well.',
  },
]

const isByOperator = ({ state }: Pick<BackendRow, 'state'>): boolean =>
  state === 'drained' || state === 'disabled'

/** Why an order would change nothing; empty where it would. */
export function pointless(order: Order, backend: Pick<BackendRow, 'state'>): string {
  if (order === 'drain' && backend.state === 'drained') return 'It is drained.'
  if (order === 'disable' && backend.state === 'disabled') return 'It is disabled.'
  if (order === 'enable' && isServing(backend)) return 'It serves.'
  return ''
}

/** Models that nobody would serve any more after the order. */
export function orphans(order: Order, backend: BackendRow, backends: readonly BackendRow[]): string[] {
  if ((order !== 'drain' && order !== 'disable') || !isServing(backend)) return []
  const others = backends.filter((other) => other.id !== backend.id && isServing(other))
  return backend.models.filter((model) => !others.some(({ models }) => models.includes(model)))
}

const FOUND: Readonly<Record<NonNullable<OrderedBackend['found']>, string>> = {
  passed: 'It passed.',
  asleep: 'It is asleep; it was asked to start.',
  failed: 'It failed.',
  pending: 'The look takes longer than ten seconds and goes on.',
}

/** What came of it, for a backend as the gateway reports it after the order. */
export function resultOf(order: Order, { id, state, reason, found }: OrderedBackend): string {
  const now = `${id} is ${STATES[state].label.toLowerCase()} now.`
  const why = isByOperator({ state }) ? '' : reason
  const seen = order === 'probe' ? (found ? FOUND[found] : 'The next job will show; no look was needed.') : ''
  return [seen, now, why].filter((text) => text !== '').join(' ')
}
