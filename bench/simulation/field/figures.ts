/** The figures of a scenario that field suite and simulator both have, and how far the two are apart. */
import { Sample } from '../metrics/sample.ts'
import type { Pixels } from '../model/order.ts'

/** What became of a request; times in milliseconds since the turn began. */
export interface Outcome {
  readonly sentAt: number
  readonly endedAt: number
  readonly size: Pixels
  /** The code of its problem; null where it was served. */
  readonly why: string | null
}

export interface FieldFigures {
  readonly served: number
  readonly failed: number
  /** Codes of those that failed, with how many they were. */
  readonly failures: Readonly<Record<string, number>>
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly imageP99Ms: number
}

/** @param forMs no request was sent later; infinite where they were counted instead */
export function count({ outcomes, forMs }: { outcomes: readonly Outcome[]; forMs: number }): FieldFigures {
  const served = outcomes.filter(({ why }) => why === null)
  const failed = outcomes.filter(({ why }) => why !== null)
  const lastMs = outcomes.reduce((last, { endedAt }) => Math.max(last, endedAt), 0)
  const ms = Math.min(forMs, lastMs)
  const inTime = served.filter(({ endedAt }) => endedAt <= ms).length
  const images = served.filter(({ size }) => size.frames === 1)
  const reasons = Map.groupBy(failed, ({ why }) => why ?? '')
  return {
    served: served.length,
    failed: failed.length,
    failures: Object.fromEntries([...reasons].map(([why, those]) => [why, those.length])),
    perSecond: (1_000 * inTime) / ms,
    p50Ms: latency(served, 0.5),
    p99Ms: latency(served, 0.99),
    imageP99Ms: latency(images, 0.99),
  }
}

function latency(outcomes: readonly Outcome[], share: number): number {
  const sample = new Sample()
  for (const { sentAt, endedAt } of outcomes) sample.add(endedAt - sentAt)
  return sample.quantile(share)
}

/** What the field suite says of one contender; JSON has null for the figure of nothing. */
export type Measured = Readonly<Record<'perSecond' | 'p50Ms' | 'p99Ms', number | null>>

/** They may differ by so much. */
const MOST = 0.15
/** What sockets, timers and other processes of a machine take of each request beyond what is simulated. */
const LOCAL_MS = 10

const FIGURES = ['perSecond', 'p50Ms', 'p99Ms'] as const

/**
 * The figures in which the two are further apart than they may be; none where both served nothing.
 *
 * @param clients that send one request after the other, whose rate what is local slows down
 */
export const figuresApart = (simulated: Measured, measured: Measured, clients: number) =>
  FIGURES.filter((figure) => isApart(figure, simulated[figure] ?? 0, measured[figure] ?? 0, clients))

function isApart(figure: keyof Measured, simulated: number, measured: number, clients: number): boolean {
  if (Math.abs(simulated - measured) <= MOST * measured) return false
  const apartMs =
    figure === 'perSecond'
      ? 1_000 * clients * Math.abs(1 / simulated - 1 / measured)
      : Math.abs(simulated - measured)
  return apartMs > LOCAL_MS
}
