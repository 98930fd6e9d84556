/** Between what callers say and what the pool knows. */
import { changesAt } from './health.ts'
import type { Health, TaskHealth } from './health-states.ts'
import { expectedWaitMs } from './load.ts'
import type { AcquireRequest, PoolStatus } from './protocol.ts'
import { ratioOf, samplesOf } from './service-times.ts'
import type { Job, PoolState } from './state.ts'
import { overallCause, overallHealth } from './task-health.ts'

/** What release 1 of the messages said; the rest came with release 2. */
type Older = Pick<AcquireRequest, 'v' | 'ticket' | 'model' | 'predictedMs' | 'remainingMs' | 'exclude'>

/** A Worker of the release before may ask during a deploy: what it does not say has a harmless meaning. */
export function readAcquire(request: AcquireRequest | Older, now: number): Job {
  const { ticket, model, predictedMs, remainingMs, exclude } = request
  const said = { key: '', failures: [], purpose: 'first' as const, ...pick(request) }
  return { ticket, model, predictedMs, exclude, enqueuedAt: now, deadlineAt: now + remainingMs, ...said }
}

function pick(
  request: AcquireRequest | Older,
): Partial<Pick<Job, 'key' | 'failures' | 'purpose' | 'waitsForStart'>> {
  if (!('purpose' in request)) return {}
  const { key, failures, purpose, waitsForStart } = request
  return { key, failures, purpose, ...(waitsForStart && { waitsForStart }) }
}

export function statusOf(state: PoolState, epoch: string, now: number): PoolStatus {
  return {
    epoch,
    queued: state.lanes.reduce((sum, { jobs }) => sum + jobs.length, 0),
    waitMs: expectedWaitMs(state, now),
    backends: state.backends.map((backend) => {
      const { id, slots, leases, tasks, times } = backend
      const health = overallHealth(backend)
      return {
        id,
        slots,
        leases: leases.length,
        health: health.kind,
        busyForMs: Math.max(0, ...tasks.map(({ pausedUntil }) => pausedUntil - now)),
        speed: ratioOf(times),
        samples: samplesOf(times),
        gapMs: times.deadMs,
        cause: overallCause(backend),
        changesInMs: changesInMs(health, now),
      }
    }),
  }
}

/** A moment that is over says nothing: what was due then waits for somebody to need it. */
function changesInMs(health: Health | TaskHealth, now: number): number | null {
  const at = health.kind === 'cold' ? (health.wakeAt ?? Number.POSITIVE_INFINITY) : changesAt(health)
  return Number.isFinite(at) && at > now ? at - now : null
}
