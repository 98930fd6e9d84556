/** The operator's orders as a pool's own database has them, with how many there were: the later one counts. */
import type { Database } from '../lib/database.ts'
import type { BackendState } from './state.ts'

export type OrderKind = 'drained' | 'disabled'

export interface KeptOrder {
  readonly order: OrderKind | null
  readonly orders: number
}

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, kind TEXT, orders INTEGER) WITHOUT ROWID'

interface Row {
  readonly id: string
  readonly kind: string | null
  readonly orders: number
}

export const orderOf = ({ health }: Pick<BackendState, 'health'>): OrderKind | null => readOrder(health.kind)

export const readOrder = (text: string | null): OrderKind | null =>
  text === 'drained' || text === 'disabled' ? text : null

/** @throws what the database throws */
export function readOrders(sql: Database): ReadonlyMap<string, KeptOrder> {
  sql.exec(SCHEMA)
  const rows = [...sql.exec('SELECT * FROM orders')] as Row[]
  return new Map(rows.map(({ id, kind, orders }) => [id, { order: readOrder(kind), orders }]))
}

/** @throws what the database throws */
export function writeOrder(sql: Database, id: string, { order, orders }: KeptOrder): void {
  sql.exec('INSERT OR REPLACE INTO orders VALUES (?, ?, ?)', id, order, orders)
}
