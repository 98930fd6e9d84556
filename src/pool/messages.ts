/** Between what callers say and what the pool knows. */
import { changesAt } from './health.ts'
import type { Health } from './health-states.ts'
import { expectedWaitMs } from './load.ts'
import type { AcquireRequest, PoolStatus } from './protocol.ts'
import type { Job, PoolState } from './state.ts'

/** What release 1 of the messages said; the rest came with release 2. */
type Older = Pick<AcquireRequest, 'v' | 'ticket' | 'model' | 'predictedMs' | 'remainingMs' | 'exclude'>

/** A Worker of the release before may ask during a deploy: what it does not say has a harmless meaning. */
export function readAcquire(request: AcquireRequest | Older, now: number): Job {
  const { ticket, model, predictedMs, remainingMs, exclude } = request
  const said = { key: '', failures: [], purpose: 'first' as const, ...pick(request) }
  return { ticket, model, predictedMs, exclude, enqueuedAt: now, deadlineAt: now + remainingMs, ...said }
}

const pick = (request: AcquireRequest | Older): Partial<Pick<Job, 'key' | 'failures' | 'purpose'>> =>
  'purpose' in request ? { key: request.key, failures: request.failures, purpose: request.purpose } : {}

export function statusOf(state: PoolState, epoch: string, now: number): PoolStatus {
  return {
    epoch,
    queued: state.lanes.reduce((sum, { jobs }) => sum + jobs.length, 0),
    waitMs: expectedWaitMs(state, now),
    backends: state.backends.map(({ id, slots, leases, health, cause, busyUntil, pace }) => ({
      id,
      slots,
      leases: leases.length,
      health: health.kind,
      busyForMs: Math.max(0, busyUntil - now),
      speed: pace.speed,
      samples: pace.samples,
      gapMs: pace.gapMs,
      cause,
      changesInMs: changesInMs(health, now),
    })),
  }
}

/** A moment that is over says nothing: what was due then waits for somebody to need it. */
function changesInMs(health: Health, now: number): number | null {
  const at = health.kind === 'cold' ? (health.wakeAt ?? Number.POSITIVE_INFINITY) : changesAt(health)
  return Number.isFinite(at) && at > now ? at - now : null
}
