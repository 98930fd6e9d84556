/** How a pool is at a moment, as readings. */
import { type Reading, reading } from '../telemetry/exposition.ts'
import { refill } from './budget.ts'
import { slotsOf } from './edit.ts'
import { isServing } from './health-states.ts'
import { expectedWaitMs } from './load.ts'
import { ratioOf, UNKNOWN_START_MS } from './service-times.ts'
import type { BackendState, PoolState } from './state.ts'
import { overallCause, overallHealth } from './task-health.ts'

const PHASES = ['running', 'staged', 'draining'] as const

/** @param sinceOf when a backend came into its state, in milliseconds since 1970 */
export function gaugesOf(state: PoolState, sinceOf: (backendId: string) => number, now: number): Reading[] {
  const { lanes, backends } = state
  const { retryMs, hedgeMs, retries, freeRetries } = refill(state.budget, slotsOf(state), now)
  return [
    reading(
      'vae_gateway_queue_jobs',
      [],
      lanes.reduce((sum, { jobs }) => sum + jobs.length, 0),
    ),
    reading('vae_gateway_queue_keys', [], new Set(lanes.map(({ key }) => key)).size),
    reading('vae_gateway_queue_expected_wait_seconds', [], expectedWaitMs(state, now) / 1000),
    reading('vae_gateway_retry_budget_seconds', [], retryMs / 1000),
    reading('vae_gateway_hedge_budget_seconds', [], hedgeMs / 1000),
    reading('vae_gateway_retry_tokens', ['floor'], retries),
    reading('vae_gateway_retry_tokens', ['free'], freeRetries),
    ...backends.flatMap((backend) => gaugesOfBackend(backend, sinceOf(backend.id), now)),
  ]
}

function gaugesOfBackend(backend: BackendState, since: number, now: number): Reading[] {
  const { id, slots, leases, tasks, times } = backend
  const health = overallHealth(backend)
  const cause = overallCause(backend)
  const isOut = !isServing(health) && cause !== null
  const busyUntil = Math.max(0, ...tasks.map(({ pausedUntil }) => pausedUntil))
  return [
    reading('vae_gateway_backend_state', [id, health.kind], 1),
    reading('vae_gateway_backend_state_since_seconds', [id], since / 1000),
    ...(isOut ? [reading('vae_gateway_backend_cause', [id, cause], 1)] : []),
    reading('vae_gateway_backend_slots', [id], slots),
    ...PHASES.map((phase) => {
      const count = leases.filter((lease) => lease.phase === phase).length
      return reading('vae_gateway_backend_leases', [id, phase], count)
    }),
    reading('vae_gateway_backend_paused_seconds', [id], Math.max(0, busyUntil - now) / 1000),
    reading('vae_gateway_backend_speed_ratio', [id], ratioOf(times)),
    reading('vae_gateway_backend_gap_seconds', [id], times.deadMs / 1000),
    reading(
      'vae_gateway_backend_cold_start_seconds',
      [id],
      (times.coldStart?.meanMs ?? UNKNOWN_START_MS) / 1000,
    ),
  ]
}
