/** What the charts show of one moment. Null: there is nothing to be known, and the line has a gap. */
import type { Increase } from './counters.ts'
import { classOf, type OutcomeClass } from './outcome.ts'
import { quantile } from './quantile.ts'
import { decodeTimes, type PoolRow } from './rows.ts'

type Rates = Readonly<Record<OutcomeClass, number | null>>

export interface Point extends Rates {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Jobs. */
  readonly waiting: number
  /** Seconds that a job which came now would wait, in the pool where that is longest. */
  readonly waitS: number
  /** Seconds of a decode. */
  readonly actualS: number | null
  readonly expectedS: number | null
  /** Seconds of requests that were served. */
  readonly p50: number | null
  readonly p95: number | null
}

/** @param lately what the last seconds have added */
export function pointOf(pools: readonly PoolRow[], lately: Increase, at: number): Point {
  const waits = pools.map(({ waitMs }) => waitMs / 1000)
  return {
    at,
    ...ratesOf(lately),
    waiting: pools.reduce((sum, { queued }) => sum + queued, 0),
    waitS: Math.max(0, ...waits),
    ...decodeTimes(lately),
    p50: quantile(lately, 'vae_gateway_request_duration_seconds', 0.5),
    p95: quantile(lately, 'vae_gateway_request_duration_seconds', 0.95),
  }
}

/** Requests per second by class. */
function ratesOf(lately: Increase): Rates {
  const { seconds } = lately
  if (seconds === 0) return { served: null, refused: null, failed: null, left: null }
  const rates = { served: 0, refused: 0, failed: 0, left: 0 }
  for (const [outcome, count] of lately.by('vae_gateway_requests_total', 'outcome'))
    rates[classOf(outcome)] += count / seconds
  return rates
}
