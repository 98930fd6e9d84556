/** Whether a job may wait: what cannot be served in time is refused at once, so that its client need not wait. */
import { isLong } from './lanes.ts'
import { loadOn } from './load.ts'
import { candidatesOf, lastCalls } from './selection.ts'
import { outOfService, type Refusal } from './service.ts'
import type { BackendState, Job, Lane, PoolState } from './state.ts'
import { isProven } from './track-record.ts'
import { isFavoured } from './traffic.ts'

/** Of its short ones, and of its long ones. */
const MAX_JOBS_PER_KEY = 32
const MAX_JOBS = 256

/** Share of the time left that may go by before the answer is expected: predictions are off by something. */
const USABLE_TIME = 0.9
/** From this share of it on the pool is short, and classes give way in proportion. */
const SHORTAGE = 0.5

/** Until those who wait for a backend to start may have gone on. */
const CROWDED_RETRY_MS = 5_000

export function refusalOf(state: PoolState, job: Job, now: number): Refusal | undefined {
  const serving = state.backends.filter(
    ({ models, health }) => models.includes(job.model) && health.kind !== 'disabled',
  )
  if (serving.length === 0) return { reason: 'no-backend', waitMs: 0 }
  if (isRepeated(state, job, now)) return { reason: 'repeated', waitMs: 0 }
  return outOfService(serving, job, now) ?? overload(state, candidatesOf(serving, job, now), job, now)
}

/**
 * Whether the job itself is likely at fault: it failed alike on two backends that serve others well. Of two that fail
 * everybody's jobs it says nothing.
 */
function isRepeated({ backends }: PoolState, { failures }: Job, now: number): boolean {
  const alike = new Map<string, Set<string>>()
  for (const { backendId, signature } of failures) {
    const backend = backends.find(({ id }) => id === backendId)
    if (!backend || !TELLING.has(signature) || !isProven(backend.record, now)) continue
    const ids = alike.get(signature) ?? new Set()
    alike.set(signature, ids.add(backendId))
  }
  return [...alike.values()].some((ids) => ids.size >= 2)
}

/** Failures that a job can cause. */
const TELLING: ReadonlySet<string> = new Set(['crash', 'error', 'truncated', 'invalid', 'rejected'])

function overload(
  state: PoolState,
  candidates: readonly BackendState[],
  job: Job,
  now: number,
): Refusal | undefined {
  // Those that wake up in time have no speed to go by; jobs wait for them up to the bounds of the queue.
  if (candidates.length === 0) return crowd(state, job)
  const busyMs = Math.min(...candidates.map(({ busyUntil }) => busyUntil)) - now
  if (busyMs > job.deadlineAt - now) return { reason: 'deadline', waitMs: busyMs }
  if (lastCalls(candidates)(job) <= now) return { reason: 'deadline', waitMs: 0 }
  if (state.lanes.length === 0 && candidates.some(({ leases, slots }) => leases.length < slots))
    return undefined
  const load = loadOn(state, candidates, job, now)
  const { waitMs, isHeavy, isShared, jobs, ownJobs } = load
  if (ownJobs >= MAX_JOBS_PER_KEY) return { reason: isShared ? 'over-share' : 'queue-full', waitMs }
  if (jobs >= MAX_JOBS) return { reason: isHeavy && isShared ? 'over-share' : 'queue-full', waitMs }
  // What is predicted holds for those who queue; one that was failed goes to the front of its lane.
  if (job.failures.length > 0) return undefined
  const usableMs = (job.deadlineAt - now) * USABLE_TIME - load.decodeMs
  if (waitMs > usableMs) return { reason: isHeavy && isShared ? 'over-share' : 'deadline', waitMs }
  const isShort = load.poolWaitMs > usableMs * SHORTAGE
  if (isShort && isHeavy && isFavoured(state.traffic, job.predictedMs)) return { reason: 'deadline', waitMs }
  return undefined
}

function crowd({ lanes }: PoolState, job: Job): Refusal | undefined {
  const count = (some: readonly Lane[]): number => some.reduce((sum, lane) => sum + lane.jobs.length, 0)
  const own = lanes.filter((lane) => lane.key === job.key && lane.isLong === isLong(job))
  const isShared = lanes.some(({ key }) => key !== job.key)
  if (count(own) >= MAX_JOBS_PER_KEY)
    return { reason: isShared ? 'over-share' : 'queue-full', waitMs: CROWDED_RETRY_MS }
  return count(lanes) >= MAX_JOBS ? { reason: 'queue-full', waitMs: CROWDED_RETRY_MS } : undefined
}
