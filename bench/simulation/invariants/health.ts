/** I9, I10: who is out gets no jobs, and one request alone takes nobody out twice. */
import type { BackendState, Job, PoolState } from '../../../src/pool/state.ts'
import { grantsOf, type Invariant } from './observed.ts'

const SMALL_JOB_MS = 500

/** I9: jobs go to backends that serve, a small one to a half-open backend, and to an ejected one in a panic. */
export const sparesTheSick: Invariant = ({ after, actions, now }, { waiting }) => {
  for (const { ticket, backendId } of grantsOf(actions)) {
    const backend = after.backends.find(({ id }) => id === backendId)
    const job = waiting.get(ticket)
    if (!backend || !job) return `${ticket} went to ${backendId}, which nobody knows`
    const objection = objectionTo(after, backend, job, now)
    if (objection) return `${ticket} went to ${backendId}, which ${objection}`
  }
  return undefined
}

function objectionTo(state: PoolState, backend: BackendState, job: Job, now: number): string | undefined {
  if (backend.busyUntil > now) return 'asked for time'
  switch (backend.health.kind) {
    case 'usable':
    case 'slow-start':
      return undefined
    case 'half-open':
      if (backend.health.isProbing) return 'is being probed'
      if (backend.leases.length > 1) return 'is half-open and has a job already'
      return job.predictedMs > SMALL_JOB_MS ? 'is half-open and may have small jobs only' : undefined
    case 'ejected':
      return isPanic(state, job, now) ? undefined : 'is ejected'
    default:
      return `is ${backend.health.kind}`
  }
}

/** Less than half of those that could have the job serve. */
function isPanic({ backends }: PoolState, job: Job, now: number): boolean {
  const able = backends.filter(
    ({ id, models, health, ceilings }) =>
      models.includes(job.model) &&
      !job.exclude.includes(id) &&
      !ceilings.some(({ predictedMs, until }) => until > now && predictedMs < job.predictedMs) &&
      health.kind !== 'drained' &&
      health.kind !== 'disabled',
  )
  const serving = able.filter(({ health }) => health.kind === 'usable' || health.kind === 'slow-start')
  return serving.length === 0 || serving.length < able.length / 2
}

/** I10: what one request has to report takes out one backend at most. */
export const blamesOnce: Invariant = ({ serial }, { ejections }) => {
  const count = ejections.get(serial) ?? 0
  return count > 1 ? `request ${serial} has taken out ${count} backends` : undefined
}

/** Whether a report on suspicion took its backend out. */
export function tookOut(before: PoolState, after: PoolState, backendId: string): boolean {
  const isIn = ({ backends }: PoolState): boolean => {
    const kind = backends.find(({ id }) => id === backendId)?.health.kind
    return kind === 'usable' || kind === 'slow-start' || kind === 'half-open'
  }
  return isIn(before) && !isIn(after)
}
