/** The directory of keys in its object's database: ids, names and numbers, so that keys can be listed. */
import type { KeyRecord } from '../limits/protocol.ts'
import type { DirectoryPage, PagePosition } from './protocol.ts'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, name TEXT, plan TEXT, models TEXT, overrides TEXT, created_at INTEGER, expiry_day INTEGER,
  revoked_at INTEGER, rotated_to TEXT
) WITHOUT ROWID`
const INDEX = 'CREATE INDEX IF NOT EXISTS keys_by_age ON keys (created_at DESC, id DESC)'

const PAGE = `
SELECT * FROM keys WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`

/** Before the first page: later than any key. */
const START: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: '' }

interface Row {
  readonly id: string
  readonly name: string
  readonly plan: string
  readonly models: string | null
  readonly overrides: string
  readonly created_at: number
  readonly expiry_day: number
  readonly revoked_at: number | null
  readonly rotated_to: string | null
}

/** What we use of the platform's SqlStorage. */
export interface Database {
  exec(query: string, ...values: (string | number | null)[]): Iterable<unknown>
}

export class KeyDirectory {
  readonly #sql: Database

  /** @throws what the database throws, as all of its methods do */
  constructor(sql: Database) {
    this.#sql = sql
    sql.exec(SCHEMA)
    sql.exec(INDEX)
  }

  enter(record: KeyRecord): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      record.id,
      record.name,
      record.plan,
      record.models && JSON.stringify(record.models),
      JSON.stringify(record.overrides),
      record.createdAt,
      record.expiryDay,
      record.revokedAt,
      record.rotatedTo,
    )
  }

  /** The latest keys first; of keys that are as old as each other the one with the greater id. */
  page(limit: number, after: PagePosition | null): DirectoryPage {
    const { createdAt, id } = after ?? START
    // One more than is shown tells whether there is another page.
    const rows = [...(this.#sql.exec(PAGE, createdAt, id, limit + 1) as Iterable<Row>)]
    const records = rows.slice(0, limit).map(recordOf)
    const last = records.at(-1)
    return {
      records,
      next: rows.length > limit && last ? { createdAt: last.createdAt, id: last.id } : null,
    }
  }
}

const recordOf = (row: Row): KeyRecord => ({
  id: row.id,
  name: row.name,
  plan: row.plan,
  models: row.models === null ? null : JSON.parse(row.models),
  overrides: JSON.parse(row.overrides),
  createdAt: row.created_at,
  expiryDay: row.expiry_day,
  revokedAt: row.revoked_at,
  rotatedTo: row.rotated_to,
})
