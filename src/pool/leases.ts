/** The life of a lease: granted, begun, freed, abandoned, over. */
import { raiseCeiling } from './ceilings.ts'
import type { PoolEvent } from './events.ts'
import { type Choice, estimateFor } from './selection.ts'
import { isLearnt, learnAtLeast, learnDead, learnDecode, samplesOf } from './service-times.ts'
import type { BackendState, Job, Lease } from './state.ts'
import { answered, onTask } from './task-health.ts'
import { DRAIN_MARGIN, LOST_MARGIN, MAX_OVERRUN_MS, OVERRUN_FACTOR } from './tuning.ts'

/** A holder says when it is done, or that it is still at it; one that says nothing for so long is taken for dead. */
const MIN_LEASE_MS = 10_000
const LEASE_FACTOR = 3
const LEASE_GRACE_MS = 5_000
const RENEWAL_MS = 15_000

export function grant(
  id: number,
  job: Job,
  { backend, known, isOld, startsAt, endsAt }: Choice,
  now: number,
): BackendState {
  const most = Math.max(MIN_LEASE_MS, startsAt - now + LEASE_FACTOR * (endsAt - startsAt) + LEASE_GRACE_MS)
  const isStaged = backend.leases.length >= backend.slots
  const lease: Lease = {
    id,
    key: job.key,
    model: job.model,
    predictedMs: job.predictedMs,
    grantedAt: now,
    wasStaged: isStaged,
    isLearnt: isLearnt(known),
    isOld,
    phase: isStaged ? 'staged' : 'running',
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
  const startsAt = now - elapsedMs
  const lease: Lease = {
    id,
    key: '',
    model: '',
    predictedMs,
    grantedAt: startsAt,
    wasStaged: false,
    isLearnt: false,
    isOld: false,
    phase: 'running',
    startsAt,
    endsAt: Math.max(now, startsAt + estimateFor(backend, { model: '', predictedMs }).meanMs),
    expiresAt: now + RENEWAL_MS,
    isHedge: false,
    isRetry: false,
  }
  return { ...backend, leases: [...backend.leases, lease] }
}

export const leaseOf = (backend: BackendState, id: number): Lease | undefined =>
  backend.leases.find((lease) => lease.id === id)

/** The slot is free, and the service time learnt from what was done. */
export function free(
  backend: BackendState,
  lease: Lease,
  event: Pick<PoolEvent & { kind: 'free' }, 'attemptMs' | 'computeMs' | 'capacity' | 'decoded'>,
  now: number,
): BackendState {
  const { capacity, decoded } = event
  const times = decoded && lease.phase !== 'draining' ? learn(backend, lease, event, now) : backend.times
  const slots = backend.learnsSlots && capacity !== undefined ? capacity : backend.slots
  const after = { ...backend, times, slots }
  if (!decoded || lease.model === '') return withoutLease(after, lease, now)
  const proven = onTask(raiseCeiling(after, lease), lease.model, (task) => answered(task, now))
  return withoutLease(proven, lease, now)
}

/**
 * What the backend says of its decode counts. Where it says nothing, it is what the holder measured from sending to the
 * answer's head; a job that waited there for another one began when that ended.
 */
function learn(
  { times }: BackendState,
  lease: Lease,
  { attemptMs, computeMs }: Pick<PoolEvent & { kind: 'free' }, 'attemptMs' | 'computeMs'>,
  now: number,
): BackendState['times'] {
  const { model, predictedMs, grantedAt, startsAt, wasStaged } = lease
  const sinceStart = Math.max(1, now - startsAt)
  const seenMs = attemptMs ?? sinceStart
  const serviceMs = computeMs ?? (wasStaged ? Math.min(seenMs, sinceStart) : seenMs)
  const learnt =
    model === ''
      ? times
      : learnDecode(times, model, predictedMs, Math.max(1, serviceMs), lease.isOld || !lease.isLearnt)
  if (attemptMs === undefined || model === '') return learnt
  // Dead time is what the grant and its end took on their way, and what of the attempt was no decode.
  const deadMs = now - grantedAt - (computeMs ?? attemptMs)
  // A job that waited there tells no more than a bound, unless the backend waited for it.
  const isKnown =
    !wasStaged || (computeMs !== undefined && (sinceStart > computeMs + 1 || deadMs < times.deadMs))
  return isKnown ? learnDead(learnt, deadMs, samplesOf(times) === 0) : learnt
}

/**
 * The holder left before the answer. A backend that stops with its connection is free at once; another one is busy until
 * the decode can be over. What was cut after it was due takes longer than was thought, and may go on for as long again.
 */
export function abandon(backend: BackendState, lease: Lease, now: number): BackendState {
  const elapsedMs = now - lease.startsAt
  const isOverdue = lease.phase === 'running' && now > lease.endsAt
  const times =
    isOverdue && lease.model !== ''
      ? learnAtLeast(backend.times, lease.model, lease.predictedMs, elapsedMs)
      : backend.times
  const after = { ...backend, times }
  if (backend.abortable || lease.phase === 'draining') return withoutLease(after, lease, now)
  const until = isOverdue
    ? now + Math.min(MAX_OVERRUN_MS, OVERRUN_FACTOR * elapsedMs)
    : lease.startsAt + DRAIN_MARGIN * (lease.endsAt - lease.startsAt)
  return until <= now ? withoutLease(after, lease, now) : drain(after, lease, until)
}

/** What runs is shorter, or longer, than what it was granted for; when it began stays as it was. */
export const resize = (backend: BackendState, lease: Lease, predictedMs: number): BackendState => {
  const { meanMs } = estimateFor(backend, { model: lease.model, predictedMs })
  return replaced(backend, lease, { ...lease, predictedMs, endsAt: lease.startsAt + meanMs })
}

export const renew = (backend: BackendState, lease: Lease, now: number): BackendState =>
  replaced(backend, lease, { ...lease, expiresAt: Math.max(lease.expiresAt, now + RENEWAL_MS) })

/**
 * Ends leases that are over. `lost`: those that were never given back, so something is wrong with their backend or
 * their holder.
 */
export function expire(
  backend: BackendState,
  now: number,
): { backend: BackendState; lost: readonly Lease[] } {
  let current = backend
  const lost: Lease[] = []
  for (const lease of backend.leases) {
    if (lease.expiresAt > now) continue
    if (lease.phase !== 'draining') lost.push(lease)
    const until = lease.startsAt + LOST_MARGIN * (lease.endsAt - lease.startsAt)
    const isOver = lease.phase === 'draining' || until <= now
    current = isOver ? withoutLease(current, lease, now) : drain(current, lease, until)
  }
  return { backend: current, lost }
}

const drain = (backend: BackendState, lease: Lease, until: number): BackendState =>
  replaced(backend, lease, { ...lease, phase: 'draining', endsAt: until, expiresAt: until })

const replaced = (backend: BackendState, lease: Lease, by: Lease): BackendState => ({
  ...backend,
  leases: backend.leases.map((other) => (other.id === lease.id ? by : other)),
})

/** The job that has waited longest on the backend begins. */
function withoutLease(backend: BackendState, lease: Lease, now: number): BackendState {
  const leases = backend.leases.filter((other) => other.id !== lease.id)
  const running = leases.filter(({ phase }) => phase !== 'staged').length
  const staged = leases.findIndex(({ phase }) => phase === 'staged')
  if (running >= backend.slots || staged < 0) return { ...backend, leases }
  const next = leases[staged] as Lease
  // It may still be on its way.
  const startsAt = Math.max(now, next.grantedAt + backend.times.deadMs)
  const { meanMs } = estimateFor(backend, next)
  return {
    ...backend,
    leases: leases.with(staged, { ...next, phase: 'running', startsAt, endsAt: startsAt + meanMs }),
  }
}
