/** Whether a job may wait: what cannot be served in time is refused at once, so that its client need not wait. */
import { isServing } from './health-states.ts'
import { outstandingMs } from './places.ts'
import { candidatesOf, isAble, isTooLarge } from './selection.ts'
import type { BackendState, Job, PoolState, RejectReason } from './state.ts'
import { isFavoured, shorterShare } from './traffic.ts'

const MAX_JOBS_PER_KEY = 32
const MAX_JOBS = 256

/** Share of the time left that may go by before the answer is expected: predictions are off by something. */
const USABLE_TIME = 0.9
/** From this share of it on the pool is short, and classes give way in proportion. */
const SHORTAGE = 0.5

/** Backends that their operator has taken out come back when he says so. */
const OUT_OF_SERVICE_MS = 30_000

/** A cold backend is never expected sooner than this. */
const MIN_COLD_MS = 2_000

export interface Refusal {
  readonly reason: RejectReason
  /** When to come back, before chance is added. */
  readonly waitMs: number
}

export function refusalOf(state: PoolState, job: Job, now: number): Refusal | undefined {
  const serving = state.backends.filter(
    ({ models, health }) => models.includes(job.model) && health.kind !== 'disabled',
  )
  if (serving.length === 0) return { reason: 'no-backend', waitMs: 0 }
  if (isRepeated(state, job)) return { reason: 'repeated', waitMs: 0 }
  if (serving.every((backend) => isTooLarge(backend, job, now))) return { reason: 'too-large', waitMs: 0 }
  const able = serving.filter((backend) => isAble(backend, job, now))
  return outOfService(able, job, now) ?? overload(state, candidatesOf(able, job, now), job, now)
}

/**
 * Whether the job itself is likely at fault: it failed alike on two backends that have served others since they
 * failed last. Of two backends that fail everybody's jobs it says nothing.
 */
function isRepeated({ backends }: PoolState, { failures }: Job): boolean {
  const isGood = (id: string): boolean => {
    const backend = backends.find((other) => other.id === id)
    return (
      backend !== undefined &&
      backend.record.soft <= 1 &&
      backend.record.hard <= 1 &&
      isServing(backend.health)
    )
  }
  return failures.some(
    (failure, index) =>
      TELLING.has(failure.signature) &&
      failures.some(
        (other, later) =>
          later > index &&
          other.signature === failure.signature &&
          other.backendId !== failure.backendId &&
          isGood(other.backendId) &&
          isGood(failure.backendId),
      ),
  )
}

/** Failures that a job can cause. */
const TELLING: ReadonlySet<string> = new Set(['error', 'truncated', 'invalid', 'rejected'])

/**
 * Whether nobody takes the job now, or will in its time: those that are asleep may be up in time, those that are out
 * of reach are not waited for.
 */
export function outOfService(backends: readonly BackendState[], job: Job, now: number): Refusal | undefined {
  let coldMs = Number.POSITIVE_INFINITY
  let downMs = Number.POSITIVE_INFINITY
  let isAnyAble = false
  for (const backend of backends) {
    if (!isAble(backend, job, now)) continue
    isAnyAble = true
    const { health, pace } = backend
    switch (health.kind) {
      case 'usable':
      case 'slow-start':
      // Suspicion is no reason to leave out the last, and a half-open backend is being tried at this moment.
      case 'ejected':
      case 'half-open':
        return undefined
      case 'cold':
        coldMs = Math.min(coldMs, Math.max(MIN_COLD_MS, health.since + pace.coldStartMs - now))
        break
      case 'down':
        downMs = Math.min(downMs, health.until - now)
    }
  }
  if (!isAnyAble) return { reason: 'exhausted', waitMs: 0 }
  if (now + coldMs + job.predictedMs <= job.deadlineAt) return undefined
  if (Number.isFinite(coldMs)) return { reason: 'cold', waitMs: coldMs }
  return { reason: 'down', waitMs: Number.isFinite(downMs) ? downMs : OUT_OF_SERVICE_MS }
}

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
  if (state.lanes.length === 0 && candidates.some(({ leases, slots }) => leases.length < slots))
    return undefined
  const load = loadOn(state, candidates, job, now)
  const { waitMs, isHeavy, jobs, ownJobs } = load
  if (ownJobs >= MAX_JOBS_PER_KEY) return { reason: 'over-share', waitMs }
  if (jobs >= MAX_JOBS) return { reason: isHeavy ? 'over-share' : 'queue-full', waitMs }
  const usableMs = (job.deadlineAt - now) * USABLE_TIME - load.decodeMs
  if (waitMs > usableMs)
    return { reason: isHeavy && state.lanes.length > 1 ? 'over-share' : 'deadline', waitMs }
  const isShort = load.poolWaitMs > usableMs * SHORTAGE
  if (isShort && isHeavy && isFavoured(state.traffic, job.predictedMs)) return { reason: 'deadline', waitMs }
  return undefined
}

function crowd({ lanes }: PoolState, job: Job): Refusal | undefined {
  const own = lanes.find(({ key }) => key === job.key)?.jobs.length ?? 0
  if (own >= MAX_JOBS_PER_KEY) return { reason: 'over-share', waitMs: 5_000 }
  const jobs = lanes.reduce((sum, lane) => sum + lane.jobs.length, 0)
  return jobs >= MAX_JOBS ? { reason: 'queue-full', waitMs: 5_000 } : undefined
}

interface Load {
  /** Until this job would start, and until a job behind all others would. */
  readonly waitMs: number
  readonly poolWaitMs: number
  readonly decodeMs: number
  /** Whether its key has more waiting than the mean of the keys. */
  readonly isHeavy: boolean
  readonly jobs: number
  readonly ownJobs: number
}

function loadOn(state: PoolState, candidates: readonly BackendState[], job: Job, now: number): Load {
  let capacity = 0
  let runningMs = 0
  let fastest = Number.POSITIVE_INFINITY
  for (const backend of candidates) {
    capacity += backend.slots / backend.pace.speed
    runningMs += outstandingMs(backend, now) / backend.pace.speed
    fastest = Math.min(fastest, backend.pace.speed)
  }
  let jobs = 0
  let ownJobs = 0
  let queuedMs = 0
  let ownMs = 0
  let ownBeforeMs = 0
  for (const lane of state.lanes) {
    for (const other of lane.jobs) {
      jobs++
      queuedMs += other.predictedMs
      if (lane.key !== job.key) continue
      ownJobs++
      ownMs += other.predictedMs
      if (other.predictedMs <= job.predictedMs) ownBeforeMs += other.predictedMs
    }
  }
  const keys = state.lanes.length + (ownJobs > 0 ? 0 : 1)
  // Each key has its share, so of what others have waiting no more comes first than this key has itself.
  const othersMs = Math.min(queuedMs - ownMs, (ownBeforeMs + job.predictedMs) * (keys - 1))
  const free = Math.max(0.2, 1 - shorterShare(state.traffic, job.predictedMs, capacity))
  return {
    waitMs: (runningMs + ownBeforeMs + othersMs) / (capacity * free),
    poolWaitMs: (runningMs + queuedMs) / capacity,
    decodeMs: job.predictedMs * fastest,
    isHeavy: ownMs + job.predictedMs >= (queuedMs + job.predictedMs) / keys,
    jobs,
    ownJobs,
  }
}
