/** How long a job would wait, from what each backend is known to take for the jobs before it. */
import { bySize, groupsOf, type Sized } from './by-size.ts'
import { isServing } from './health-states.ts'
import { isLong } from './lanes.ts'
import { freeAt, outstandingMs } from './places.ts'
import { estimateFor } from './selection.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { overallHealth, pausedUntil } from './task-health.ts'
import { shorterShare } from './traffic.ts'

/** Share of the capacity that short jobs leave at least: the lanes of long ones have theirs. */
const MIN_FREE = 0.2

/** What is said of a pool in which no backend serves at the moment. */
const UNKNOWN_WAIT_MS = 60_000

export interface Load {
  /** Until this job would start, and until a job behind all others would. */
  readonly waitMs: number
  readonly poolWaitMs: number
  readonly decodeMs: number
  /** Whether its key has more waiting than the mean of the keys. */
  readonly isHeavy: boolean
  readonly jobs: number
  /** Whether other keys have jobs waiting. */
  readonly isShared: boolean
}

/** How long the backends together are busy with a job, each at its own speed. The jobs of a queue are much alike. */
function shareOf(backends: readonly BackendState[]): (job: Sized) => number {
  return bySize((job) => {
    const rate = backends.reduce((sum, backend) => sum + backend.slots / estimateFor(backend, job).meanMs, 0)
    return rate > 0 ? 1 / rate : 0
  })
}

export function loadOn(state: PoolState, candidates: readonly BackendState[], job: Job, now: number): Load {
  const shareMs = shareOf(candidates)
  const ownShareMs = shareMs(job)
  let decodeMs = Number.POSITIVE_INFINITY
  let runningMs = 0
  for (const backend of candidates) {
    const { meanMs } = estimateFor(backend, job)
    decodeMs = Math.min(decodeMs, meanMs)
    // A backend that runs for long holds up as much as it could have done meanwhile.
    runningMs += (outstandingMs(backend, now) / meanMs) * ownShareMs
  }
  let jobs = 0
  let queuedMs = 0
  let ownMs = 0
  let ownBeforeMs = 0
  for (const lane of state.lanes) {
    for (const other of groupsOf(lane.jobs)) {
      const ms = other.count * shareMs(other)
      jobs += other.count
      queuedMs += ms
      if (lane.key !== job.key) continue
      ownMs += ms
      if (other.predictedMs <= job.predictedMs) ownBeforeMs += ms
    }
  }
  const keys = new Set([job.key, ...state.lanes.map(({ key }) => key)]).size
  // Each key has its share, so of what others have waiting no more comes first than this key has itself.
  const othersMs = Math.min(queuedMs - ownMs, (ownBeforeMs + ownShareMs) * (keys - 1))
  const isHeavy = ownMs + ownShareMs >= (queuedMs + ownShareMs) / keys
  const waitMs = runningMs + ownBeforeMs + othersMs
  // What is still to come delays those who ask for much; a key below its share is not overtaken.
  const slots = candidates.reduce((sum, backend) => sum + backend.slots, 0)
  const free = isLong(job) ? Math.max(MIN_FREE, 1 - shorterShare(state.traffic, job.predictedMs, slots)) : 1
  return {
    waitMs: isHeavy ? (waitMs / free) * state.traffic.pessimism : waitMs,
    poolWaitMs: runningMs + queuedMs,
    decodeMs,
    isHeavy,
    jobs,
    isShared: keys > 1,
  }
}

/** Until a job that came now would start, whatever its model. */
export function expectedWaitMs({ backends, lanes }: PoolState, now: number): number {
  const serving = backends.filter((backend) => isServing(overallHealth(backend)))
  if (serving.length === 0) return UNKNOWN_WAIT_MS
  const paused = (backend: BackendState): number =>
    Math.min(...backend.models.map((task) => pausedUntil(backend, task)))
  const freeMs = Math.min(...serving.map((one) => Math.max(freeAt(one, now), paused(one)) - now))
  const shareMs = shareOf(serving)
  let queuedMs = 0
  for (const { jobs } of lanes) for (const group of groupsOf(jobs)) queuedMs += group.count * shareMs(group)
  return freeMs + queuedMs
}
