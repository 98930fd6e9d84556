/** How long a job would wait. */
import { isServing } from './health-states.ts'
import { isLong } from './lanes.ts'
import { freeAt, outstandingMs } from './places.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { shorterShare } from './traffic.ts'

/** Share of the capacity that short jobs leave at least: the lanes of long ones have theirs. */
const MIN_FREE = 0.2

/** Of a pool that serves nobody at the moment. */
const UNKNOWN_WAIT_MS = 60_000

export interface Load {
  /** Until this job would start, and until a job behind all others would. */
  readonly waitMs: number
  readonly poolWaitMs: number
  readonly decodeMs: number
  /** Whether its key has more waiting than the mean of the keys. */
  readonly isHeavy: boolean
  readonly jobs: number
  /** Of its key and as short or long as it is. */
  readonly ownJobs: number
  /** Whether other keys have jobs waiting. */
  readonly isShared: boolean
}

export function loadOn(state: PoolState, candidates: readonly BackendState[], job: Job, now: number): Load {
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
      if (lane.isLong === isLong(job)) ownJobs++
      ownMs += other.predictedMs
      if (other.predictedMs <= job.predictedMs) ownBeforeMs += other.predictedMs
    }
  }
  const keys = new Set([job.key, ...state.lanes.map(({ key }) => key)]).size
  // Each key has its share, so of what others have waiting no more comes first than this key has itself.
  const othersMs = Math.min(queuedMs - ownMs, (ownBeforeMs + job.predictedMs) * (keys - 1))
  const isHeavy = ownMs + job.predictedMs >= (queuedMs + job.predictedMs) / keys
  const waitMs = (runningMs + ownBeforeMs + othersMs) / capacity
  // What is still to come delays those who ask for much; a key below its share is not overtaken.
  const free = Math.max(MIN_FREE, 1 - shorterShare(state.traffic, job.predictedMs, capacity))
  return {
    waitMs: isHeavy ? (waitMs / free) * state.traffic.pessimism : waitMs,
    poolWaitMs: (runningMs + queuedMs) / capacity,
    decodeMs: job.predictedMs * fastest,
    isHeavy,
    jobs,
    ownJobs,
    isShared: keys > 1,
  }
}

/** Until a job that came now would start, whatever its model. */
export function expectedWaitMs({ backends, lanes }: PoolState, now: number): number {
  let capacity = 0
  let freeMs = Number.POSITIVE_INFINITY
  for (const backend of backends) {
    if (!isServing(backend.health)) continue
    capacity += backend.slots / backend.pace.speed
    freeMs = Math.min(freeMs, Math.max(freeAt(backend, now), backend.busyUntil) - now)
  }
  let queuedMs = 0
  for (const { jobs } of lanes) for (const job of jobs) queuedMs += job.predictedMs
  return capacity > 0 ? freeMs + queuedMs / capacity : UNKNOWN_WAIT_MS
}
