/** What is kept of backends under their ids, in the directory's database: pools come and go, an order stays. */
import type { Database } from '../lib/database.ts'
import { readOrder } from '../pool/orders.ts'
import type { KeptBackend } from '../pool/shelf.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS backends (
  id TEXT PRIMARY KEY, kind TEXT, orders INTEGER, learnt TEXT, pool TEXT
) WITHOUT ROWID`

type Row = Record<'id' | 'pool', string> &
  Record<'kind' | 'learnt', string | null> & { readonly orders: number }

/** Every method throws what the database throws. */
export class BackendShelf {
  readonly #sql: Database

  constructor(sql: Database) {
    this.#sql = sql
    sql.exec(SCHEMA)
  }

  find(id: string): KeptBackend | undefined {
    const [row] = [...this.#sql.exec('SELECT * FROM backends WHERE id = ?', id)] as Row[]
    if (!row) return undefined
    const { kind, orders, learnt, pool } = row
    return { id, order: readOrder(kind), orders, learnt, pool }
  }

  /** Of two lives of a pool the older one may come last, with an order that is none any more. */
  keep({ id, order, orders, learnt, pool }: KeptBackend): void {
    const before = this.find(id)
    const later = before && before.orders > orders ? before : { order, orders }
    this.#sql.exec(
      'INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?, ?)',
      id,
      later.order,
      later.orders,
      learnt ?? before?.learnt ?? null,
      pool,
    )
  }
}
