/**
 * The pool as a function: one event in, the next state and what is to be done out. No clock, no chance but its own
 * seed, no I/O, so that the same code runs in the Durable Object, in the simulator and in tests that know every answer.
 */
import { acquire } from './acquire.ts'
import { earn, refundHedge } from './budget.ts'
import { groupsOf } from './by-size.ts'
import { draw } from './chance.ts'
import { observe } from './crowd.ts'
import { onBackend, reject, type Step, slotsOf } from './edit.ts'
import type { OperatorOrder, PoolEvent } from './events.ts'
import { isServing } from './health-states.ts'
import { findJob, withoutJobs } from './lanes.ts'
import { abandon, adopt, free, leaseOf, renew, resize } from './leases.ts'
import { operate } from './operator.ts'
import { freeAt, leadMs } from './places.ts'
import { examine, nextProbeAt, probe, probed } from './probing.ts'
import { report } from './report.ts'
import { schedule } from './schedule.ts'
import { lastCalls } from './selection.ts'
import type { BackendState, PoolState } from './state.ts'
import { elapseAll, rejectStranded } from './sweep.ts'

/** A timer that is due now would go off in the same millisecond, again and again. */
const MIN_TIMER_MS = 1

/**
 * Jobs may wait beside an idle backend: for a faster one, or since it is kept for short ones; or for one that is later than
 * was expected. Not for ever.
 */
const RELOOK_MS = 1_000

export function step(before: PoolState, event: PoolEvent, now: number): Step {
  const current = elapseAll(before, now)
  const [applied, refused] = apply(current, event, now)
  const [pending, late] = rejectStranded(applied, now)
  const [granted, grants] = schedule({ ...pending, crowd: observe(pending.crowd, jobsIn(pending), now) }, now)
  const [probing, probes] = probe(granted, now)
  // A backend that was kept free for a probe has its turn with jobs again.
  const [after, more] = probes.length > 0 ? schedule(probing, now) : [probing, []]
  return [after, [...refused, ...late, ...grants, ...probes, ...more]]
}

/** Jobs that wait, and those that are being decoded for a client that is still there. */
function jobsIn({ lanes, backends }: PoolState): number {
  let jobs = 0
  for (const lane of lanes) jobs += lane.jobs.length
  for (const { leases } of backends) for (const { phase } of leases) if (phase !== 'draining') jobs++
  return jobs
}

/** When something happens by itself; undefined while nothing does. */
export function nextWakeAt(state: PoolState, now: number): number | undefined {
  let next = nextProbeAt(state, now) ?? Number.POSITIVE_INFINITY
  for (const backend of state.backends) {
    for (const { expiresAt } of backend.leases) next = Math.min(next, expiresAt)
    if (state.lanes.length === 0) continue
    for (const { pausedUntil } of backend.tasks) if (pausedUntil > now) next = Math.min(next, pausedUntil)
    for (const { until } of backend.ceilings) if (until > now) next = Math.min(next, until)
    if (backend.leases.length < backend.slots) {
      if (isServing(backend.health)) next = Math.min(next, now + RELOOK_MS)
      continue
    }
    // When the next job may be sent ahead.
    const roomAt = freeAt(backend, now) - leadMs(backend)
    next = Math.min(next, roomAt > now ? roomAt : now + RELOOK_MS)
  }
  const lastCallAt = lastCalls(state.backends)
  for (const { jobs } of state.lanes) {
    for (const group of groupsOf(jobs)) next = Math.min(next, lastCallAt(group, group.firstDeadlineAt))
  }
  return Number.isFinite(next) ? Math.max(next, now + MIN_TIMER_MS) : undefined
}

function apply(state: PoolState, event: PoolEvent, now: number): Step {
  switch (event.kind) {
    case 'acquire':
      return acquire(state, event.job, now)
    case 'cancel': {
      const job = findJob(state.lanes, event.ticket)
      if (!job) return [state, []]
      const lanes = withoutJobs(state.lanes, ({ ticket }) => ticket === event.ticket)
      const { purpose, predictedMs } = job
      const budget =
        purpose === 'hedge' ? refundHedge(state.budget, predictedMs, slotsOf(state)) : state.budget
      return reject({ ...state, lanes, budget }, job, 'cancelled', 0)
    }
    case 'free':
      return [freeLease(state, event, now), []]
    case 'resize':
      return [
        onBackend(state, event.backendId, (backend) => {
          const lease = leaseOf(backend, event.leaseId)
          return lease ? resize(backend, lease, event.predictedMs) : backend
        }),
        [],
      ]
    case 'renew':
    case 'abandon': {
      const change = event.kind === 'renew' ? renew : abandon
      return [
        onBackend(state, event.backendId, (backend) => {
          const lease = leaseOf(backend, event.leaseId)
          return lease ? change(backend, lease, now) : backend
        }),
        [],
      ]
    }
    case 'adopt': {
      const adopted = onBackend(state, event.backendId, (backend) =>
        adopt(backend, state.nextLeaseId, event.predictedMs, event.elapsedMs, now),
      )
      return [{ ...adopted, nextLeaseId: state.nextLeaseId + 1 }, []]
    }
    case 'report':
      return [report(state, event, now), []]
    case 'probed': {
      const [random, seed] = draw(state.seed)
      const isWaitedFor = state.lanes.length > 0
      const change = (backend: BackendState): BackendState => probed(backend, event, isWaitedFor, random, now)
      return [{ ...onBackend(state, event.backendId, change), seed }, []]
    }
    case 'operate':
      return order(state, event.backendId, event.order, now)
    case 'tick':
      return [state, []]
  }
}

function order(state: PoolState, backendId: string, what: OperatorOrder, now: number): Step {
  if (what === 'probe') return examine(state, backendId, now)
  return [onBackend(state, backendId, (backend) => operate(backend, what)), []]
}

function freeLease(state: PoolState, event: PoolEvent & { kind: 'free' }, now: number): PoolState {
  const backend = state.backends.find(({ id }) => id === event.backendId)
  const lease = backend && leaseOf(backend, event.leaseId)
  if (!backend || !lease) return state
  const freed = onBackend(state, backend.id, () => free(backend, lease, event, now))
  return event.decoded ? { ...freed, budget: earn(state.budget, lease.predictedMs, slotsOf(state)) } : freed
}
