/** What the page remembers, in rings: counters of the last minutes to compare with, points of charts. */
import type { Counters } from './counters.ts'

/** Time over which sums, shares and quantiles are taken. */
export const WINDOW_MS = 300_000

/** Time over which a point of a chart is taken: Workers tell what they counted every five seconds. */
export const POINT_MS = 10_000

const CHART_MS = 900_000
const FINE_MS = 16_000
const COARSE_MS = 10_000

export interface Checkpoint {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly counters: Counters
}

/**
 * With another checkpoint at the end: each of the last seconds, one in ten seconds before, and none that is older than the window
 * needs.
 */
export function remember(checkpoints: readonly Checkpoint[], latest: Checkpoint): Checkpoint[] {
  const kept: Checkpoint[] = []
  for (const [index, checkpoint] of checkpoints.entries()) {
    const age = latest.at - checkpoint.at
    const next = checkpoints[index + 1]
    if (age > WINDOW_MS && next && latest.at - next.at >= WINDOW_MS) continue
    const last = kept.at(-1)
    if (age < FINE_MS || !last || checkpoint.at - last.at >= COARSE_MS) kept.push(checkpoint)
  }
  return [...kept, latest]
}

/** The youngest that is at least so old, or the oldest there is. */
export const since = (checkpoints: readonly Checkpoint[], now: number, ms: number): Checkpoint | undefined =>
  checkpoints.findLast(({ at }) => now - at >= ms) ?? checkpoints[0]

/** Points of the charts with another at the end, and without those that have left them. */
export const ring = <P extends { readonly at: number }>(points: readonly P[], latest: P): P[] => [
  ...points.filter(({ at }) => latest.at - at <= CHART_MS),
  latest,
]
