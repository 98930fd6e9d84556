/** Which of several pools a job is taken to: the one near its client, unless that is short and another is not. */
import type { PoolRef } from './membership.ts'

/** Where the objects of a shard live, and whom they are near to. */
export interface Shard {
  /** Of the platform's regions for objects. */
  readonly locationHint: string | undefined
  /** Codes of the continents whose clients it is home to. */
  readonly continents: readonly string[]
}

/** What a pool said of itself with its last answer to this isolate. */
export interface Report {
  /** Until a job that came now would start. */
  readonly waitMs: number
  /** Time the answer took besides the waiting. */
  readonly rttMs: number
  readonly at: number
}

/** What was said longer ago says nothing of now. */
const FRESH_MS = 1_000
/** A pool further away must be better by this much. */
const SPILL_MS = 250
/** To a pool nobody has asked yet. */
const UNKNOWN_RTT_MS = 150

/**
 * The pools in the order in which they are asked. The first is home, or a pool that is expected to start the job
 * sooner by more than the way there; the others follow for when it refuses.
 *
 * @param random in [0, 1): spreads clients over pools that are equally near
 */
export function orderPools(
  pools: readonly PoolRef[],
  shards: ReadonlyMap<string, Shard>,
  continent: string | undefined,
  reports: ReadonlyMap<string, Report>,
  random: number,
  now: number,
): readonly PoolRef[] {
  if (pools.length <= 1) return pools
  const isNear = ({ shard }: PoolRef): boolean =>
    continent !== undefined && (shards.get(shard ?? '')?.continents.includes(continent) ?? false)
  const near = pools.filter(isNear)
  const homes = near.length > 0 ? near : pools
  const home = homes[Math.floor(random * homes.length)] as PoolRef
  const homeWaitMs = expectedWaitMs(reports.get(home.name), now)
  const cost = (pool: PoolRef): number => {
    const report = reports.get(pool.name)
    const wayMs = homes.includes(pool) ? 0 : (report?.rttMs ?? UNKNOWN_RTT_MS)
    return expectedWaitMs(report, now) + wayMs + SPILL_MS
  }
  const others = pools.filter((pool) => pool !== home).sort((a, b) => cost(a) - cost(b))
  const [best] = others
  return best && homeWaitMs > cost(best) ? [best, home, ...others.slice(1)] : [home, ...others]
}

/** A pool that has not been heard of is taken to be idle: whoever asks it finds out. */
const expectedWaitMs = (report: Report | undefined, now: number): number =>
  report && now - report.at <= FRESH_MS ? report.waitMs : 0
