/** The few numbers that say whether all is well. */
import type { Increase } from './counters.ts'
import { isServing } from './health.ts'
import { classOf, type OutcomeClass } from './outcome.ts'
import { quantile } from './quantile.ts'
import { type BackendRow, decodeTimes, type PoolRow } from './rows.ts'

export interface Summary {
  readonly backends: number
  readonly serving: number
  readonly silentPools: number
  /** Null until the page has watched for a moment. */
  readonly requestsPerMinute: number | null
  readonly megapixelsPerMinute: number | null
  /** In the window. */
  readonly ended: Readonly<Record<OutcomeClass, number>>
  readonly waiting: number
  readonly longestWaitMs: number
  /** Of requests that were served, in the window. */
  readonly p50: number | null
  readonly p95: number | null
  readonly actualS: number | null
  readonly expectedS: number | null
}

/**
 * @param lately what the window has added
 * @param minute what the last minute has added
 */
export function summary(
  pools: readonly PoolRow[],
  backends: readonly BackendRow[],
  lately: Increase,
  minute: Increase,
): Summary {
  const ended = { served: 0, refused: 0, failed: 0, left: 0 }
  for (const [outcome, count] of lately.by('vae_gateway_requests_total', 'outcome'))
    ended[classOf(outcome)] += count
  const perMinute = (name: string): number | null =>
    minute.seconds > 0 ? (minute.total(name) / minute.seconds) * 60 : null
  return {
    backends: backends.length,
    serving: backends.filter(isServing).length,
    silentPools: pools.filter(({ isReachable }) => !isReachable).length,
    requestsPerMinute: perMinute('vae_gateway_requests_total'),
    megapixelsPerMinute: perMinute('vae_gateway_megapixels_total'),
    ended,
    waiting: pools.reduce((sum, { queued }) => sum + queued, 0),
    longestWaitMs: Math.max(0, ...pools.map(({ waitMs }) => waitMs)),
    p50: quantile(lately, 'vae_gateway_request_duration_seconds', 0.5),
    p95: quantile(lately, 'vae_gateway_request_duration_seconds', 0.95),
    ...decodeTimes(lately),
  }
}

/** Of the requests that somebody waited for, those that were served; null where none ended. */
export function servedShare({ served, refused, failed }: Summary['ended']): number | null {
  const all = served + refused + failed
  return all > 0 ? served / all : null
}
