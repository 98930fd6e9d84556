/** Rows of tables: what the pools say of themselves beside what was counted lately. */
import type { BackendStatus, PoolReport } from '../../../src/admin/contract.ts'
import type { Family } from '../../../src/telemetry/exposition.ts'
import type { Increase } from './counters.ts'
import { isServing } from './health.ts'
import { classOf, type OutcomeClass } from './outcome.ts'
import { quantile } from './quantile.ts'

export interface BackendRow extends BackendStatus {
  readonly pool: string
  readonly shard: string | null
  /** When it came into its state, milliseconds since 1970; undefined while its pool is silent. */
  readonly sinceAt: number | undefined
  /** Attempts that ended, and of them those that failed; who left counts for neither. */
  readonly attempts: number
  readonly failures: number
  /** Reasons of failures, the most frequent first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[]
  /** Seconds of a decode, actual and expected; null where none was served. */
  readonly actualS: number | null
  readonly expectedS: number | null
}

export interface PoolRow {
  readonly name: string
  readonly shard: string | null
  readonly models: readonly string[]
  readonly isReachable: boolean
  readonly queued: number
  readonly waitMs: number
  readonly size: number
  readonly serving: number
  /** Of jobs that were granted a slot; null where none was. */
  readonly waitedS: number | null
}

export interface OutcomeRow {
  readonly outcome: string
  readonly kind: OutcomeClass
  readonly count: number
}

export interface KeyRow {
  readonly id: string
  readonly counts: Readonly<Record<OutcomeClass, number>>
  readonly requests: number
  readonly megapixels: number
}

/** Ends of attempts that say nothing against the backend. */
const NO_FAILURE = ['served', 'client-gone', 'client-slow', 'called-off', 'cold', 'busy']

export function backendRows(
  pools: readonly PoolReport[],
  families: readonly Family[],
  lately: Increase,
): BackendRow[] {
  const since = sinceOf(families)
  return pools.flatMap(({ name: pool, shard, backends }) =>
    backends.map((status): BackendRow => {
      // Any pool may have been told of its attempts.
      const ends = [...lately.by('vae_gateway_attempts_total', 'outcome', { backend: status.id })]
      const reasons = ends.filter(([end, count]) => count > 0 && !NO_FAILURE.includes(end))
      const failures = reasons.reduce((sum, [, count]) => sum + count, 0)
      const served = ends.find(([end]) => end === 'served')?.[1] ?? 0
      return {
        ...status,
        pool,
        shard,
        sinceAt: since.get(`${pool}\n${status.id}`),
        attempts: served + failures,
        failures,
        reasons: reasons.toSorted(([, a], [, b]) => b - a),
        ...decodeTimes(lately, { backend: status.id }),
      }
    }),
  )
}

/** @returns seconds of a decode, actual and expected, over all that were served */
export function decodeTimes(
  lately: Increase,
  labels: { readonly backend?: string } = {},
): { actualS: number | null; expectedS: number | null } {
  const decodes = lately.total('vae_gateway_decode_ratio_count', labels)
  const mean = (name: string): number | null => (decodes > 0 ? lately.total(name, labels) / decodes : null)
  return {
    actualS: mean('vae_gateway_decode_actual_seconds_total'),
    expectedS: mean('vae_gateway_decode_expected_seconds_total'),
  }
}

function sinceOf(families: readonly Family[]): Map<string, number> {
  const family = families.find(({ name }) => name === 'vae_gateway_backend_state_since_seconds')
  return new Map(
    (family?.samples ?? []).map(({ labels, value }) => [`${labels.pool}\n${labels.backend}`, value * 1000]),
  )
}

export const poolRows = (pools: readonly PoolReport[], lately: Increase): PoolRow[] =>
  pools.map(({ name, shard, models, isReachable, queued, waitMs, backends }) => ({
    name,
    shard,
    models,
    isReachable,
    queued,
    waitMs,
    size: backends.length,
    serving: backends.filter(isServing).length,
    waitedS: quantile(lately, 'vae_gateway_queue_wait_seconds', 0.95, { pool: name, outcome: 'granted' }),
  }))

/** The most frequent first. */
export const outcomeRows = (lately: Increase): OutcomeRow[] =>
  [...lately.by('vae_gateway_requests_total', 'outcome')]
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => ({ outcome, kind: classOf(outcome), count }))
    .toSorted((a, b) => b.count - a.count)

/** The busiest first, and all that the gateway does not name at the end. */
export function keyRows(lately: Increase): KeyRow[] {
  const megapixels = lately.by('vae_gateway_key_megapixels_total', 'key')
  const keys = lately.by('vae_gateway_key_requests_total', 'key')
  return [...keys]
    .filter(([, requests]) => requests > 0)
    .map(([id, requests]): KeyRow => {
      const ends = lately.by('vae_gateway_key_requests_total', 'outcome', { key: id })
      const [served, refused, failed, left] = (['served', 'refused', 'failed', 'left'] as const).map(
        (end) => ends.get(end) ?? 0,
      ) as [number, number, number, number]
      return { id, counts: { served, refused, failed, left }, requests, megapixels: megapixels.get(id) ?? 0 }
    })
    .toSorted((a, b) => Number(a.id === OTHERS) - Number(b.id === OTHERS) || b.requests - a.requests)
}

/** Keys that are not among the busiest, together. */
export const OTHERS = 'other'
