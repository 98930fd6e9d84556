/**
 * The pool as a function: one event in, the next state and what is to be done out. No clock, no chance, no I/O, so
 * that the same code runs in the Durable Object and in tests that know every answer.
 */
import { learn } from './pause.ts'
import { candidatesOf, estimateWaitMs, isPaused, selectBackend } from './selection.ts'
import type { Job, Lease, PoolAction, PoolEvent, PoolState, RejectReason } from './state.ts'

/** Jobs that may wait in one pool. */
const QUEUE_SLOTS = 256
/** A holder tells when it is done; after its deadline and this much more it is taken for dead. */
const LEASE_GRACE_MS = 5_000
/** A decode whose caller left runs on for about as long as was predicted. */
const DRAIN_MARGIN = 1.2

export type Step = readonly [state: PoolState, actions: readonly PoolAction[]]

export function step(state: PoolState, event: PoolEvent, now: number): Step {
  const [applied, refused] = apply(state, event, now)
  const [current, expired] = expire(applied, now)
  const [next, granted] = schedule(current, now)
  return [next, [...refused, ...expired, ...granted]]
}

/** When something happens by itself: a wait ends, a lease ends, a pause ends that somebody waits for. */
export function nextWakeAt(state: PoolState, now: number): number | undefined {
  const pauses = state.queue.length > 0 ? state.backends.flatMap(({ pause }) => pause?.until ?? []) : []
  const moments = [
    ...state.leases.map((lease) => lease.endsAt),
    ...state.queue.map((job) => job.deadlineAt),
    ...pauses.filter((until) => until > now),
  ]
  return moments.length > 0 ? Math.min(...moments) : undefined
}

function apply(state: PoolState, event: PoolEvent, now: number): Step {
  switch (event.kind) {
    case 'acquire':
      return admit(state, event.job, now)
    case 'cancel':
      return cancel(state, event.ticket, now)
    case 'free':
      return [withoutLease(state, event.leaseId), []]
    case 'abandon':
      return [abandon(state, event.leaseId), []]
    case 'report': {
      const backends = state.backends.map((backend) =>
        backend.id === event.backendId ? learn(backend, event.evidence, event.random, now) : backend,
      )
      return [{ ...state, backends }, []]
    }
    case 'tick':
      return [state, []]
  }
}

/**
 * Every job that can be served goes through the queue, if only for the length of this step. A caller that lost its
 * connection asks again under the same ticket, and keeps its place.
 */
function admit(state: PoolState, job: Job, now: number): Step {
  const at = state.queue.findIndex(({ ticket }) => ticket === job.ticket)
  const others = at < 0 ? state : { ...state, queue: state.queue.toSpliced(at, 1) }
  const reason = refusal(others, job)
  if (reason) return [others, [reject(others, job, reason, now)]]
  const place = at < 0 ? others.queue.length : at
  return [{ ...others, queue: others.queue.toSpliced(place, 0, job) }, []]
}

function refusal(state: PoolState, job: Job): RejectReason | undefined {
  if (!state.backends.some((backend) => backend.models.includes(job.model))) return 'no-backend'
  const candidates = candidatesOf(state, job)
  if (candidates.length === 0) return 'exhausted'
  // All of them asked for more time than there is: the caller should know now.
  if (candidates.every((backend) => isPaused(backend, 'busy', job.deadlineAt))) return 'deadline'
  return state.queue.length >= QUEUE_SLOTS ? 'queue-full' : undefined
}

function reject(state: PoolState, job: Job, reason: RejectReason, now: number): PoolAction {
  return { kind: 'reject', ticket: job.ticket, reason, retryAfterMs: estimateWaitMs(state, job, now) }
}

function cancel(state: PoolState, ticket: string, now: number): Step {
  const queue = state.queue.filter((job) => job.ticket !== ticket)
  const cancelled = state.queue.filter((job) => job.ticket === ticket)
  return [{ ...state, queue }, cancelled.map((job) => reject(state, job, 'cancelled', now))]
}

/** Leases that outlived their holder and jobs that outlived their deadline. */
function expire(state: PoolState, now: number): Step {
  const late = state.queue.filter((job) => job.deadlineAt <= now)
  const next = {
    ...state,
    leases: state.leases.filter((lease) => lease.endsAt > now),
    queue: state.queue.filter((job) => job.deadlineAt > now),
  }
  return [next, late.map((job) => reject(next, job, 'deadline', now))]
}

/** Hands free slots to the queue in its order; a job that must wait does not hold up those behind it. */
function schedule(state: PoolState, now: number): Step {
  const actions: PoolAction[] = []
  let current = state
  for (const job of state.queue) {
    const backend = selectBackend(current, job, now)
    if (!backend) continue
    const lease: Lease = {
      id: current.nextLeaseId,
      backendId: backend.id,
      predictedMs: job.predictedMs,
      grantedAt: now,
      phase: 'running',
      endsAt: job.deadlineAt + LEASE_GRACE_MS,
    }
    current = {
      backends: current.backends.map((other) =>
        other.id === backend.id ? { ...other, lastGrantAt: now } : other,
      ),
      leases: [...current.leases, lease],
      queue: current.queue.filter((other) => other.ticket !== job.ticket),
      nextLeaseId: lease.id + 1,
    }
    actions.push({ kind: 'grant', ticket: job.ticket, leaseId: lease.id, backendId: backend.id })
  }
  return [current, actions]
}

const withoutLease = (state: PoolState, leaseId: number): PoolState => ({
  ...state,
  leases: state.leases.filter((lease) => lease.id !== leaseId),
})

/** A backend that stops with its connection is free at once; another one is, when the decode can be over. */
function abandon(state: PoolState, leaseId: number): PoolState {
  const lease = state.leases.find((other) => other.id === leaseId)
  const backend = state.backends.find((other) => other.id === lease?.backendId)
  if (!lease || !backend || backend.abortable) return withoutLease(state, leaseId)
  const endsAt = Math.min(lease.endsAt, lease.grantedAt + lease.predictedMs * DRAIN_MARGIN)
  const draining: Lease = { ...lease, phase: 'draining', endsAt }
  return { ...state, leases: state.leases.map((other) => (other === lease ? draining : other)) }
}
