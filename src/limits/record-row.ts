/** A key's record as rows: the key's own object keeps one, the directory one of each key. */
import type { Database } from '../lib/database.ts'
import type { KeyRecord } from './protocol.ts'

/** In the order of `valuesOf`. */
const COLUMNS = `id TEXT PRIMARY KEY, name TEXT, plan TEXT, models TEXT, overrides TEXT,
  created_at INTEGER, expiry_day INTEGER, revoked_at INTEGER, rotated_to TEXT`

/** A table of their own for revocations: a release before this one finds its columns as it left them. */
export const recordTables = (table: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${table} (${COLUMNS}) WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS revoked (id TEXT PRIMARY KEY) WITHOUT ROWID',
]

export const selectRecords = (table: string, rest: string): string =>
  `SELECT ${table}.*, revoked.id IS NOT NULL AS is_revoked FROM ${table} LEFT JOIN revoked USING (id) ${rest}`

export type RecordRow = Record<'id' | 'name' | 'plan' | 'overrides', string> &
  Record<'models' | 'rotated_to', string | null> &
  Record<'created_at' | 'expiry_day' | 'is_revoked', number> & { revoked_at: number | null }

/** In the place of an older row of the same key. A revocation is never taken back. */
export function writeRecord(sql: Database, table: string, record: KeyRecord): void {
  sql.exec(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, ...valuesOf(record))
  if (record.isRevoked) sql.exec('INSERT OR IGNORE INTO revoked VALUES (?)', record.id)
}

const valuesOf = (record: KeyRecord): (string | number | null)[] => [
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
  ...((row.is_revoked === 1 || wasRevokedBefore(row)) && { isRevoked: true }),
})

/** The release before wrote the moment alone. Only a key that was replaced has one that is still to come. */
const wasRevokedBefore = ({ revoked_at, rotated_to }: RecordRow): boolean =>
  revoked_at !== null && rotated_to === null
