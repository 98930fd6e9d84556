/** The places of a backend: what runs, what is staged behind it, and when there is room for more. */
import type { BackendState, Lease } from './state.ts'

/** A lease that outlives its prediction is expected to last half as long again. */
const OVERRUN_FACTOR = 0.5

/** Bounds of how early: a job that is staged cannot go elsewhere any more. */
const MAX_EARLY_SHARE = 0.3
const MAX_EARLY_MS = 2_000

/** A pool that has just begun does not know what its backends still do for the life before. */
export const GRACE_MS = 3_000

/** When a job that is granted now could start on the GPU, but for its way there. */
export function freeAt({ leases, slots }: BackendState, now: number): number {
  const over = leases.length - slots
  if (over < 0) return now
  if (leases.length === 1) return endOf(leases[0] as Lease, now)
  const ends = leases.map((lease) => endOf(lease, now)).sort((a, b) => a - b)
  return ends[over] as number
}

function endOf(lease: Lease, now: number): number {
  if (lease.endsAt > now || lease.phase === 'draining') return Math.max(lease.endsAt, now)
  return now + OVERRUN_FACTOR * (now - lease.endsAt)
}

/**
 * Whether the next job may be sent: to a free slot, or early to wait behind one that ends within the time that
 * the job is on its way. At most one is staged per slot, and none behind a decode that nobody can stop.
 */
export function hasRoom(backend: BackendState, now: number, startedAt: number): boolean {
  const { leases, slots } = backend
  if (leases.length < slots) return true
  if (leases.length >= 2 * slots || now < startedAt + GRACE_MS) return false
  if (leases.some((lease) => lease.phase === 'draining' || lease.isRetry)) return false
  return freeAt(backend, now) - now <= leadMs(backend)
}

/**
 * How long before a slot is expected to be free the next job is sent: the time that it is on its way, and by as much
 * as the running one may be done sooner than expected.
 */
export function leadMs({ leases, pace }: BackendState): number {
  let longestMs = 0
  for (const { predictedMs } of leases) longestMs = Math.max(longestMs, predictedMs * pace.speed)
  return pace.gapMs + Math.min(MAX_EARLY_MS, longestMs * Math.min(MAX_EARLY_SHARE, pace.spread))
}

/** Decode time that is left of what is granted. */
export const outstandingMs = ({ leases }: BackendState, now: number): number =>
  leases.reduce((sum, lease) => sum + Math.max(0, lease.endsAt - Math.max(now, lease.startsAt)), 0)
