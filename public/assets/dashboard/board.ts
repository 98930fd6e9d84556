/** Everything the page shows, made of two answers of the gateway and of what it remembers. */
import type { PoolReport } from '../../../src/admin/contract.ts'
import type { Family } from '../../../src/telemetry/exposition.ts'
import { advance, type Counters, Increase, NOTHING_COUNTED } from './counters.ts'
import { type Checkpoint, POINT_MS, remember, ring, since, WINDOW_MS } from './history.ts'
import { type Point, pointOf } from './point.ts'
import {
  type BackendRow,
  backendRows,
  type KeyRow,
  keyRows,
  type OutcomeRow,
  outcomeRows,
  type PoolRow,
  poolRows,
} from './rows.ts'
import { type Summary, summary } from './summary.ts'

export interface Board {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Time that sums, shares and quantiles are of: less than the window at first. */
  readonly windowMs: number
  readonly summary: Summary
  readonly pools: readonly PoolRow[]
  readonly backends: readonly BackendRow[]
  readonly outcomes: readonly OutcomeRow[]
  readonly keys: readonly KeyRow[]
  readonly points: readonly Point[]
  readonly memory: Memory
}

interface Memory {
  readonly counters: Counters
  readonly checkpoints: readonly Checkpoint[]
}

const NOTHING: Memory = { counters: NOTHING_COUNTED, checkpoints: [] }

/** @param at when the answers came, milliseconds since 1970 */
export function nextBoard(
  before: Board | undefined,
  reports: readonly PoolReport[],
  families: readonly Family[],
  at: number,
): Board {
  const memory = before?.memory ?? NOTHING
  const counters = advance(memory.counters, families)
  const checkpoints = remember(memory.checkpoints, { at, counters })
  const increaseOver = (ms: number): Increase => {
    const start = since(checkpoints, at, ms)
    return new Increase(start?.counters ?? counters, counters, (at - (start?.at ?? at)) / 1000)
  }
  const lately = increaseOver(WINDOW_MS)
  const pools = poolRows(reports, lately)
  const backends = backendRows(reports, families, lately)
  return {
    at,
    windowMs: lately.seconds * 1000,
    summary: summary(pools, backends, lately, increaseOver(60_000)),
    pools,
    backends,
    outcomes: outcomeRows(lately),
    keys: keyRows(lately),
    points: ring(before?.points ?? [], pointOf(pools, increaseOver(POINT_MS), at)),
    memory: { counters, checkpoints },
  }
}
