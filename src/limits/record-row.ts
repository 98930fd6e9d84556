/** A key's record as a row: the key's own object keeps one, the directory one of each key. */
import type { KeyRecord } from './protocol.ts'

/** In the order of `valuesOf`. */
export const RECORD_COLUMNS = `id TEXT PRIMARY KEY, name TEXT, plan TEXT, models TEXT, overrides TEXT,
  created_at INTEGER, expiry_day INTEGER, revoked_at INTEGER, rotated_to TEXT`

export type RecordRow = Record<'id' | 'name' | 'plan' | 'overrides', string> &
  Record<'models' | 'rotated_to', string | null> &
  Record<'created_at' | 'expiry_day', number> & { revoked_at: number | null }

/** To be written in the place of an older row of the same key. */
export const writeRecordInto = (table: string): string =>
  `INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const valuesOf = (record: KeyRecord): (string | number | null)[] => [
  record.id,
  record.name,
  record.plan,
  record.models && JSON.stringify(record.models),
  JSON.stringify(record.overrides),
  record.createdAt,
  record.expiryDay,
  record.revokedAt,
  record.rotatedTo,
]

export const recordOf = (row: RecordRow): KeyRecord => ({
  id: row.id,
  name: row.name,
  plan: row.plan,
  models: row.models === null ? null : (JSON.parse(row.models) as string[]),
  overrides: JSON.parse(row.overrides) as KeyRecord['overrides'],
  createdAt: row.created_at,
  expiryDay: row.expiry_day,
  revokedAt: row.revoked_at,
  rotatedTo: row.rotated_to,
})
