/** Which backend a job goes to. */
import type { BackendState, Job, Lease, PoolState } from './state.ts'

/** Backends that may have the job at some time. */
export const candidatesOf = (state: PoolState, job: Job): BackendState[] =>
  state.backends.filter((backend) => backend.models.includes(job.model) && !job.exclude.includes(backend.id))

/**
 * The backend with a free slot and the least predicted work outstanding per slot; the longest idle one breaks a
 * tie. Backends that are down are left out while any other could serve the job, even if it is full now: one that
 * refused us a moment ago is no help.
 */
export function selectBackend(state: PoolState, job: Job, now: number): BackendState | undefined {
  const awake = candidatesOf(state, job).filter((backend) => !isPaused(backend, 'busy', now))
  const trusted = awake.filter((backend) => !isPaused(backend, 'down', now))
  const usable = trusted.length > 0 ? trusted : awake
  let best: { backend: BackendState; work: number } | undefined
  for (const backend of usable) {
    const leases = state.leases.filter((lease) => lease.backendId === backend.id)
    if (leases.length >= backend.slots) continue
    const work = outstandingMs(leases, now) / backend.slots
    const isBetter =
      !best || work < best.work || (work === best.work && backend.lastGrantAt < best.backend.lastGrantAt)
    if (isBetter) best = { backend, work }
  }
  return best?.backend
}

export const isPaused = (backend: BackendState, kind: 'down' | 'busy', now: number): boolean =>
  backend.pause?.kind === kind && backend.pause.until > now

/** Predicted time that is left of the leases' work, in milliseconds. */
const outstandingMs = (leases: readonly Lease[], now: number): number =>
  leases.reduce((sum, lease) => sum + Math.max(0, lease.grantedAt + lease.predictedMs - now), 0)

/** When a new job would start, as a distance from now: all predicted work over all slots that could take it. */
export function estimateWaitMs(state: PoolState, job: Job, now: number): number {
  const candidates = candidatesOf(state, job)
  const ids = new Set(candidates.map((backend) => backend.id))
  const slots = candidates.reduce((sum, backend) => sum + backend.slots, 0)
  const running = outstandingMs(
    state.leases.filter((lease) => ids.has(lease.backendId)),
    now,
  )
  const queued = state.queue.reduce((sum, other) => sum + other.predictedMs, 0)
  const pauses = candidates.map((backend) =>
    isPaused(backend, 'busy', now) ? (backend.pause?.until ?? now) - now : 0,
  )
  const allBusyMs = pauses.length > 0 ? Math.min(...pauses) : 0
  return Math.max((running + queued) / Math.max(slots, 1), allBusyMs)
}
