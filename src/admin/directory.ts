/** The directory of keys in its object's database: ids, names and numbers, so that keys can be listed. */
import type { Database } from '../lib/database.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import { RECORD_COLUMNS, type RecordRow, recordOf, valuesOf, writeRecordInto } from '../limits/record-row.ts'
import type { DirectoryPage, PagePosition } from './protocol.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS keys (${RECORD_COLUMNS}) WITHOUT ROWID`
const INDEX = 'CREATE INDEX IF NOT EXISTS keys_by_age ON keys (created_at DESC, id DESC)'

const PAGE = `
SELECT * FROM keys WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`

/** Before the first page: later than any key. */
const START: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: '' }

export class KeyDirectory {
  readonly #sql: Database

  /** @throws what the database throws, as all of its methods do */
  constructor(sql: Database) {
    this.#sql = sql
    sql.exec(SCHEMA)
    sql.exec(INDEX)
  }

  enter(record: KeyRecord): void {
    this.#sql.exec(writeRecordInto('keys'), ...valuesOf(record))
  }

  /** The latest keys first; of keys that are as old as each other the one with the greater id. */
  page(limit: number, after: PagePosition | null): DirectoryPage {
    const { createdAt, id } = after ?? START
    // One more than is shown tells whether there is another page.
    const rows = [...(this.#sql.exec(PAGE, createdAt, id, limit + 1) as Iterable<RecordRow>)]
    const records = rows.slice(0, limit).map(recordOf)
    const last = records.at(-1)
    return {
      records,
      next: rows.length > limit && last ? { createdAt: last.createdAt, id: last.id } : null,
    }
  }
}
