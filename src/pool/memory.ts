/**
 * What a pool keeps over a restart, in its object's own database: learnt numbers and orders of the operator. Never a
 * job, a lease, a key, or anything else of a request.
 */
import type { Database } from '../lib/database.ts'
import type { Memory } from './initial.ts'
import { formatLearnt, NOTHING_LEARNT, readLearnt } from './learnt.ts'
import { type ServiceTimes, UNKNOWN_TIMES } from './service-times.ts'
import type { BackendState } from './state.ts'

const SCHEMA = `CREATE TABLE IF NOT EXISTS learnt (
  id TEXT PRIMARY KEY, times TEXT, health TEXT
) WITHOUT ROWID`

/** A change that is smaller is not worth a write, which costs more than the message that brought it. */
const WORTH_KEEPING = 0.05

/** Where the release before kept what it had learnt, which means nothing now, and the operator's orders, which still hold. */
const IS_OLD = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'backends'"
const TAKE_OVER = `INSERT OR IGNORE INTO learnt SELECT id, NULL, health FROM backends
  WHERE health IN ('drained', 'disabled')`
const FORGET = 'DROP TABLE backends'

interface Row {
  readonly id: string
  readonly times: string | null
  readonly health: string | null
}

export class PoolMemory {
  readonly #sql: Database
  readonly #written = new Map<string, Memory>()

  /** @throws what the database throws */
  constructor(sql: Database) {
    this.#sql = sql
    sql.exec(SCHEMA)
    if ([...sql.exec(IS_OLD)].length === 0) return
    sql.exec(TAKE_OVER)
    sql.exec(FORGET)
  }

  read(): ReadonlyMap<string, Memory> {
    for (const { id, times, health } of this.#sql.exec('SELECT * FROM learnt') as Iterable<Row>) {
      const kind = health === 'drained' || health === 'disabled' ? health : undefined
      const learnt = readLearnt(times) ?? NOTHING_LEARNT
      this.#written.set(id, { ...learnt, ...(kind && { health: { kind } }) })
    }
    return this.#written
  }

  /** Writes what has changed by enough, and says of which backends. */
  write(backends: readonly BackendState[]): readonly string[] {
    const ids: string[] = []
    for (const backend of backends) {
      const { id, times, health } = backend
      const order = health.kind === 'drained' || health.kind === 'disabled' ? health : undefined
      const known = this.#written.get(id)
      if (order?.kind === known?.health?.kind && isClose(times, known?.times ?? UNKNOWN_TIMES)) continue
      const text = formatLearnt(backend)
      this.#sql.exec('INSERT OR REPLACE INTO learnt VALUES (?, ?, ?)', id, text, order?.kind ?? null)
      this.#written.set(id, { times, ...(order && { health: order }) })
      ids.push(id)
    }
    return ids
  }
}

function isClose(a: ServiceTimes, b: ServiceTimes): boolean {
  if (!isNear(a.deadMs, b.deadMs) || !isNear(a.coldStart?.meanMs ?? 0, b.coldStart?.meanMs ?? 0)) return false
  return a.curves.every(({ task, points }) => {
    const known = b.curves.find((curve) => curve.task === task)?.points ?? []
    return (
      points.length === known.length &&
      points.every(({ meanMs }, at) => isNear(meanMs, known[at]?.meanMs ?? 0))
    )
  })
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= WORTH_KEEPING * Math.abs(b)
