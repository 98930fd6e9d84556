/**
 * What a pool keeps over a restart, in its object's own database: learnt numbers and orders of the operator. Never a
 * job, a lease, a key, or anything else of a request.
 */
import type { Database } from '../lib/database.ts'
import { type Memory, UNKNOWN_PACE } from './initial.ts'
import type { BackendState } from './state.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS backends (
  id TEXT PRIMARY KEY, speed REAL, spread REAL, samples INTEGER, gap_ms REAL, cold_start_ms REAL, health TEXT
) WITHOUT ROWID`

/** A change that is smaller is not worth a write, which costs more than the message that brought it. */
const WORTH_KEEPING = 0.05

type Row = Record<'id' | 'health', string | null> &
  Record<'speed' | 'spread' | 'samples' | 'gap_ms' | 'cold_start_ms', number>

export class PoolMemory {
  readonly #sql: Database
  readonly #written = new Map<string, Memory>()

  /** @throws what the database throws */
  constructor(sql: Database) {
    this.#sql = sql
    sql.exec(SCHEMA)
  }

  read(): ReadonlyMap<string, Memory> {
    for (const row of this.#sql.exec('SELECT * FROM backends') as Iterable<Row>) {
      const pace = {
        speed: row.speed,
        spread: row.spread,
        samples: row.samples,
        gapMs: row.gap_ms,
        coldStartMs: row.cold_start_ms,
      }
      const kind = row.health === 'drained' || row.health === 'disabled' ? row.health : undefined
      this.#written.set(row.id ?? '', { pace, ...(kind && { health: { kind } }) })
    }
    return this.#written
  }

  /** Writes what has changed by enough. */
  write(backends: readonly BackendState[]): void {
    for (const { id, pace, health } of backends) {
      const order = health.kind === 'drained' || health.kind === 'disabled' ? health : undefined
      const { pace: known, health: knownOrder } = this.#written.get(id) ?? { pace: UNKNOWN_PACE }
      const isSame =
        order?.kind === knownOrder?.kind &&
        isClose(pace.speed, known.speed) &&
        isClose(pace.gapMs, known.gapMs) &&
        isClose(pace.coldStartMs, known.coldStartMs)
      if (isSame) continue
      this.#sql.exec(
        'INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        pace.speed,
        pace.spread,
        pace.samples,
        pace.gapMs,
        pace.coldStartMs,
        order?.kind ?? null,
      )
      this.#written.set(id, { pace, ...(order && { health: order }) })
    }
  }
}

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= WORTH_KEEPING * Math.abs(b)
