/**
 * What a key's object keeps over a restart, in its own database: what the operator said, what was used, and numbers.
 * Nothing of a request, and not the key.
 */
import type { Database } from '../lib/database.ts'
import { formatDay } from '../lib/days.ts'
import { megapixelsOf } from './bounds.ts'
import type { DayUsage, KeyRecord } from './protocol.ts'
import { type RecordRow, recordOf, recordTables, selectRecords, writeRecord } from './record-row.ts'
import type { Snapshot } from './snapshot.ts'
import type { Window } from './window.ts'

const SCHEMA = [
  ...recordTables('record'),
  `CREATE TABLE IF NOT EXISTS account (
    one INTEGER PRIMARY KEY, month_start INTEGER, month_pixels INTEGER,
    written_at INTEGER, requests TEXT, pixels TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS usage (
    day INTEGER, model TEXT, requests INTEGER, pixels INTEGER, PRIMARY KEY (day, model)
  ) WITHOUT ROWID`,
]

const KEEP_DAYS = 400

type AccountRow = Record<'month_start' | 'month_pixels' | 'written_at', number> &
  Record<'requests' | 'pixels', string>
type UsageRow = Record<'day' | 'requests' | 'pixels', number> & { model: string }

/** Every method throws what the database throws. */
export class Ledger {
  readonly #sql: Database

  constructor(sql: Database) {
    this.#sql = sql
    for (const table of SCHEMA) sql.exec(table)
  }

  readRecord(): KeyRecord | null {
    const [row] = [...this.#sql.exec(selectRecords('record', ''))] as RecordRow[]
    return row ? recordOf(row) : null
  }

  writeRecord(record: KeyRecord): void {
    writeRecord(this.#sql, 'record', record)
  }

  readAccount(): Snapshot | null {
    const [row] = [...this.#sql.exec('SELECT * FROM account')] as AccountRow[]
    if (!row) return null
    return {
      monthStart: row.month_start,
      monthPixels: row.month_pixels,
      writtenAt: row.written_at,
      requests: JSON.parse(row.requests) as Window,
      pixels: JSON.parse(row.pixels) as Window,
    }
  }

  writeAccount({ monthStart, monthPixels, writtenAt, requests, pixels }: Snapshot): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO account VALUES (1, ?, ?, ?, ?, ?)',
      monthStart,
      monthPixels,
      writtenAt,
      JSON.stringify(requests),
      JSON.stringify(pixels),
    )
  }

  /** @param pixels may be less than nothing, as what is given back is */
  addUsage(day: number, model: string, requests: number, pixels: number): void {
    this.#sql.exec(
      `INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET requests = requests + excluded.requests, pixels = pixels + excluded.pixels`,
      day,
      model,
      requests,
      pixels,
    )
  }

  /** The latest first. */
  readUsage(sinceDay: number): readonly DayUsage[] {
    const query = 'SELECT * FROM usage WHERE day >= ? AND requests > 0 ORDER BY day DESC, model'
    return ([...this.#sql.exec(query, sinceDay)] as UsageRow[]).map(({ day, model, requests, pixels }) => ({
      day: formatDay(day),
      model,
      requests,
      megapixels: megapixelsOf(pixels),
    }))
  }

  forget(today: number): void {
    this.#sql.exec('DELETE FROM usage WHERE day < ?', today - KEEP_DAYS)
  }
}
