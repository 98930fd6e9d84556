/** I9, I10: who is out gets no jobs, and one request alone takes nobody out twice. */
import type { BackendState, Job, PoolState } from '../../../src/pool/state.ts'
import { healthFor, isServing, pausedUntil } from './beliefs.ts'
import { grantsOf, type Invariant } from './observed.ts'

const SMALL_JOB_MS = 500

/** I9: jobs go to backends that serve, a small one to a half-open backend, and to one that is out where none serves. */
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
  if (pausedUntil(backend, job.model) > now) return 'asked for time'
  const { health } = backend
  if (isServing(health)) {
    const { kind } = healthFor(backend, job.model)
    // Suspicion is no reason to leave out the last.
    return isServing({ kind }) || isLast(state, job, now) ? undefined : `is ${kind}`
  }
  if (health.kind !== 'half-open') return `is ${health.kind}`
  if (health.isProbing) return 'is being probed'
  if (backend.leases.length > 1) return 'is half-open and has a job already'
  return job.predictedMs > SMALL_JOB_MS ? 'is half-open and may have small jobs only' : undefined
}

/** None of those that could have the job serves. */
const isLast = ({ backends }: PoolState, job: Job, now: number): boolean =>
  !backends.some(
    (backend) =>
      backend.models.includes(job.model) &&
      !job.exclude.includes(backend.id) &&
      !isTooLarge(backend, job, now) &&
      isServing(healthFor(backend, job.model)),
  )

const isTooLarge = ({ ceilings }: BackendState, job: Job, now: number): boolean =>
  ceilings.some(
    ({ key, model, predictedMs, until }) =>
      model === job.model && until > now && predictedMs < job.predictedMs && (key ?? job.key) === job.key,
  )

/** I10: what one request has to report takes out one backend at most. */
export const blamesOnce: Invariant = ({ serial }, { ejections }) => {
  const count = ejections.get(serial) ?? 0
  return count > 1 ? `request ${serial} has taken out ${count} backends` : undefined
}

/** Whether a report on suspicion took its backend out, be it for one model. */
export function tookOut(before: PoolState, after: PoolState, backendId: string): boolean {
  const isOut = ({ backends }: PoolState, model: string): boolean => {
    const backend = backends.find(({ id }) => id === backendId)
    const kind = backend && healthFor(backend, model).kind
    return kind === 'ejected' || kind === 'down'
  }
  const models = after.backends.find(({ id }) => id === backendId)?.models ?? []
  return models.some((model) => isOut(after, model) && !isOut(before, model))
}
