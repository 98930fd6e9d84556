/** Whether a job may wait: what cannot be served in time is refused at once, so that its client need not wait. */
import { hadTurn } from './lanes.ts'
import { loadOn } from './load.ts'
import { candidatesOf, lastCalls } from './selection.ts'
import { outOfService, type Refusal } from './service.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { pausedUntil, taskOf } from './task-health.ts'
import { isProven } from './track-record.ts'
import { isFavoured } from './traffic.ts'
import { MAX_QUEUED, SHORTAGE, USABLE_TIME } from './tuning.ts'

/** Until those who wait for a backend to start may have gone on. */
const CROWDED_RETRY_MS = 5_000

export function refusalOf(state: PoolState, job: Job, now: number): Refusal | undefined {
  const serving = state.backends.filter(
    ({ models, health }) => models.includes(job.model) && health.kind !== 'disabled',
  )
  if (serving.length === 0) return { reason: 'no-backend', waitMs: 0 }
  const refusal = outOfService(serving, job, now)
  if (refusal) {
    return refusal.reason === 'exhausted' && isRepeated(state, job, now)
      ? { reason: 'repeated', waitMs: 0 }
      : refusal
  }
  return overload(state, candidatesOf(serving, job, now), job, now)
}

/**
 * Whether the job itself is likely at fault, once no other backend is left for it: all that it has met is the same failure, on
 * two backends or more that serve others well. A backend that was out of reach may be back, so it is no such failure.
 */
function isRepeated({ backends }: PoolState, { failures, model }: Job, now: number): boolean {
  const [first] = failures
  if (!first || !TELLING.has(first.signature)) return false
  const isAlike = failures.every(({ backendId, signature }) => {
    const backend = backends.find(({ id }) => id === backendId)
    return (
      signature === first.signature && backend !== undefined && isProven(taskOf(backend, model).record, now)
    )
  })
  return isAlike && new Set(failures.map(({ backendId }) => backendId)).size >= 2
}

/** Failures that a job can cause. */
const TELLING: ReadonlySet<string> = new Set(['crash', 'error', 'truncated', 'invalid', 'rejected'])

function overload(
  state: PoolState,
  candidates: readonly BackendState[],
  job: Job,
  now: number,
): Refusal | undefined {
  const jobs = state.lanes.reduce((sum, lane) => sum + lane.jobs.length, 0)
  if (jobs >= MAX_QUEUED) return { reason: 'queue-full', waitMs: CROWDED_RETRY_MS }
  // Nothing is known of when a backend that is starting will serve; jobs wait for it as long as they can.
  if (candidates.length === 0) return undefined
  const pausedMs = Math.min(...candidates.map((backend) => pausedUntil(backend, job.model))) - now
  if (pausedMs > job.deadlineAt - now) return { reason: 'deadline', waitMs: pausedMs }
  if (lastCalls(candidates)(job, job.deadlineAt) <= now) return { reason: 'deadline', waitMs: 0 }
  if (jobs === 0 && candidates.some(({ leases, slots }) => leases.length < slots)) return undefined
  // What is predicted holds for those who queue. One that was failed goes to the front; a second copy waits beside the first.
  if (hadTurn(job)) return undefined
  const { waitMs, poolWaitMs, decodeMs, isHeavy, isShared } = loadOn(state, candidates, job, now)
  const usableMs = (job.deadlineAt - now) * USABLE_TIME - decodeMs
  if (waitMs > usableMs) return { reason: isHeavy && isShared ? 'over-share' : 'deadline', waitMs }
  const isShort = poolWaitMs > usableMs * SHORTAGE
  if (isShort && isHeavy && isFavoured(state.traffic, job.predictedMs)) return { reason: 'deadline', waitMs }
  return undefined
}
