/** The directory of keys in its object's database: ids, names and numbers, so that keys can be listed. */
import type { Database } from '../lib/database.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import { type RecordRow, recordOf, recordTables, selectRecords, writeRecord } from '../limits/record-row.ts'
import type { DirectoryPage, PagePosition } from './protocol.ts'

const INDEX = 'CREATE INDEX IF NOT EXISTS keys_by_age ON keys (created_at DESC, id DESC)'

const PAGE = selectRecords(
  'keys',
  'WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?',
)
const ONE = selectRecords('keys', 'WHERE id = ?')

/** Before the first page: later than any key. */
const START: PagePosition = { createdAt: Number.MAX_SAFE_INTEGER, id: '' }

export class KeyDirectory {
  readonly #sql: Database

  /** @throws what the database throws, as all of its methods do */
  constructor(sql: Database) {
    this.#sql = sql
    for (const text of [...recordTables('keys'), INDEX]) sql.exec(text)
  }

  enter(record: KeyRecord): void {
    writeRecord(this.#sql, 'keys', record)
  }

  find(id: string): KeyRecord | null {
    const [row] = [...this.#sql.exec(ONE, id)] as RecordRow[]
    return row ? recordOf(row) : null
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
