/** Whether anybody is there for a job. */

import type { RejectReason } from './events.ts'
import { askedToStartAt, isServing } from './health-states.ts'
import { isAble, isTooLarge } from './selection.ts'
import type { BackendState, Job } from './state.ts'

/** Backends that their operator has taken out come back when he says so. */
const OUT_OF_SERVICE_MS = 30_000

/** A cold backend is never expected sooner than this. */
const MIN_COLD_MS = 2_000

export interface Refusal {
  readonly reason: RejectReason
  /** When to come back, before chance is added. */
  readonly waitMs: number
}

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
        coldMs = Math.min(coldMs, Math.max(MIN_COLD_MS, askedToStartAt(health, now) + pace.coldStartMs - now))
        break
      case 'down':
        downMs = Math.min(downMs, health.until - now)
    }
  }
  if (!isAnyAble) return memoryMayReturn(backends, job, now) ? undefined : noneLeft(backends, job, now)
  if (now + coldMs + job.predictedMs <= job.deadlineAt) return undefined
  if (Number.isFinite(coldMs)) return { reason: 'cold', waitMs: coldMs }
  return { reason: 'down', waitMs: Number.isFinite(downMs) ? downMs : OUT_OF_SERVICE_MS }
}

/** Whether a backend that is short of memory for now may have it again in time. */
const memoryMayReturn = (backends: readonly BackendState[], job: Job, now: number): boolean =>
  backends.some((backend) => {
    const until = backend.ceilings.find(({ model }) => model === job.model)?.until ?? now
    return (
      isServing(backend.health) && isAble(backend, job, until) && until + job.predictedMs <= job.deadlineAt
    )
  })

function noneLeft(backends: readonly BackendState[], job: Job, now: number): Refusal {
  const isTooLargeForAll = backends.every(
    (backend) => !backend.models.includes(job.model) || isTooLarge(backend, job, now),
  )
  return { reason: isTooLargeForAll ? 'too-large' : 'exhausted', waitMs: 0 }
}
