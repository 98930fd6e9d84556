/** The life of a lease: granted, begun, freed, abandoned, over. */
import { raiseCeiling } from './ceilings.ts'
import type { PoolEvent } from './events.ts'
import { expectedMs, learnGap, learnSpeed } from './pace.ts'
import type { Choice } from './selection.ts'
import type { BackendState, Job, Lease } from './state.ts'

/** A holder says when it is done, or that it is still at it; one that says nothing for so long is taken for dead. */
const MIN_LEASE_MS = 10_000
const LEASE_FACTOR = 3
const LEASE_GRACE_MS = 5_000
const RENEWAL_MS = 15_000

/** A decode whose holder left runs on for about as long as was predicted; one that nobody heard of for longer. */
const DRAIN_MARGIN = 1.2
const LOST_MARGIN = 1.5

export function grant(
  id: number,
  job: Job,
  { backend, startsAt, endsAt }: Choice,
  now: number,
): BackendState {
  const most = Math.max(MIN_LEASE_MS, startsAt - now + LEASE_FACTOR * (endsAt - startsAt) + LEASE_GRACE_MS)
  const lease: Lease = {
    id,
    key: job.key,
    model: job.model,
    predictedMs: job.predictedMs,
    grantedAt: now,
    phase: backend.leases.length < backend.slots ? 'running' : 'staged',
    startsAt,
    endsAt,
    expiresAt: Math.min(now + most, Math.max(job.deadlineAt, now) + LEASE_GRACE_MS),
    isHedge: job.purpose === 'hedge',
    isRetry: job.failures.length > 0,
  }
  return { ...backend, leases: [...backend.leases, lease], lastGrantAt: now }
}

/** A lease of the pool's former life. */
export function adopt(
  backend: BackendState,
  id: number,
  predictedMs: number,
  elapsedMs: number,
  now: number,
): BackendState {
  const expected = expectedMs(backend, predictedMs, now)
  const lease: Lease = {
    id,
    key: '',
    model: '',
    predictedMs,
    grantedAt: now - elapsedMs,
    phase: 'running',
    startsAt: now - elapsedMs,
    endsAt: Math.max(now, now - elapsedMs + expected),
    expiresAt: now + RENEWAL_MS,
    isHedge: false,
    isRetry: false,
  }
  return { ...backend, leases: [...backend.leases, lease] }
}

export const leaseOf = (backend: BackendState, id: number): Lease | undefined =>
  backend.leases.find((lease) => lease.id === id)

/** The slot is free, and the pace learnt from what was done. */
export function free(
  backend: BackendState,
  lease: Lease,
  {
    attemptMs,
    computeMs,
    capacity,
    decoded,
  }: Pick<PoolEvent & { kind: 'free' }, 'attemptMs' | 'computeMs' | 'capacity' | 'decoded'>,
  now: number,
): BackendState {
  let { pace } = backend
  if (decoded && lease.phase !== 'draining') {
    // A job that was staged began when the one before it ended, which is when it became the running one.
    const beganAt = Math.max(lease.startsAt, lease.grantedAt)
    pace = learnSpeed(pace, lease.predictedMs, computeMs ?? Math.max(1, now - beganAt))
    if (attemptMs !== undefined) pace = learnGap(pace, lease, now, attemptMs, computeMs)
  }
  const slots = backend.learnsSlots && capacity !== undefined ? capacity : backend.slots
  const after = { ...backend, pace, slots }
  return withoutLease(decoded && lease.model !== '' ? raiseCeiling(after, lease) : after, lease, now)
}

/** A backend that stops with its connection is free at once; another one is, when the decode can be over. */
export function abandon(backend: BackendState, lease: Lease, now: number): BackendState {
  if (backend.abortable || lease.phase === 'draining') return withoutLease(backend, lease, now)
  const elapsed = now - lease.startsAt
  const expected = expectedMs(backend, lease.predictedMs, now)
  // Whoever left after far more than was expected has seen how slow the backend is.
  const slower = learnSpeed(backend.pace, lease.predictedMs, elapsed)
  // One hang says nothing of how much the others scatter.
  const pace = elapsed > 2 * expected ? { ...slower, spread: backend.pace.spread } : backend.pace
  const until = lease.startsAt + expected * DRAIN_MARGIN
  if (until <= now) return withoutLease({ ...backend, pace }, lease, now)
  const draining: Lease = { ...lease, phase: 'draining', endsAt: until, expiresAt: until }
  return { ...backend, pace, leases: backend.leases.map((other) => (other === lease ? draining : other)) }
}

/** What runs is shorter, or longer, than what it was granted for; when it began stays as it was. */
export const resize = (
  backend: BackendState,
  lease: Lease,
  predictedMs: number,
  now: number,
): BackendState => {
  const endsAt = lease.startsAt + expectedMs(backend, predictedMs, now)
  const resized = { ...lease, predictedMs, endsAt }
  return { ...backend, leases: backend.leases.map((other) => (other === lease ? resized : other)) }
}

export const renew = (backend: BackendState, lease: Lease, now: number): BackendState => ({
  ...backend,
  leases: backend.leases.map((other) =>
    other === lease ? { ...lease, expiresAt: Math.max(lease.expiresAt, now + RENEWAL_MS) } : other,
  ),
})

/**
 * Ends leases that are over. `isSuspect`: one of them was never given back, so something is wrong with its backend or
 * its holder.
 */
export function expire(backend: BackendState, now: number): { backend: BackendState; isSuspect: boolean } {
  let current = backend
  let isSuspect = false
  for (const lease of backend.leases) {
    if (lease.expiresAt > now) continue
    isSuspect ||= lease.phase !== 'draining'
    const until = lease.startsAt + expectedMs(backend, lease.predictedMs, now) * LOST_MARGIN
    current =
      lease.phase === 'draining' || until <= now
        ? withoutLease(current, lease, now)
        : {
            ...current,
            leases: current.leases.map((other) =>
              other.id === lease.id
                ? { ...lease, phase: 'draining', endsAt: until, expiresAt: until }
                : other,
            ),
          }
  }
  return { backend: current, isSuspect }
}

/** Whoever was staged first begins. */
function withoutLease(backend: BackendState, lease: Lease, now: number): BackendState {
  const leases = backend.leases.filter((other) => other.id !== lease.id)
  const running = leases.filter(({ phase }) => phase !== 'staged').length
  const staged = leases.findIndex(({ phase }) => phase === 'staged')
  if (running >= backend.slots || staged < 0) return { ...backend, leases }
  const next = leases[staged] as Lease
  // It may still be on its way.
  const startsAt = Math.max(now, next.grantedAt + backend.pace.gapMs)
  const endsAt = startsAt + expectedMs(backend, next.predictedMs, now)
  return { ...backend, leases: leases.with(staged, { ...next, phase: 'running', startsAt, endsAt }) }
}
