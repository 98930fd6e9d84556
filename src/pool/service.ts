/** Whether anybody is there for a job. */

import type { RejectReason } from './events.ts'
import { askedToStartAt, isServing } from './health-states.ts'
import { isAble, isTooLarge } from './selection.ts'
import { UNKNOWN_START_MS } from './service-times.ts'
import type { BackendState, Job } from './state.ts'
import { healthFor } from './task-health.ts'
import { relapsesAt } from './track-record.ts'
import { FASTEST_START_SHARE, PATIENT_RELAPSES } from './tuning.ts'

/** Backends that their operator has taken out come back when he says so. */
const OUT_OF_SERVICE_MS = 30_000

export interface Refusal {
  readonly reason: RejectReason
  /** When to come back, before chance is added. */
  readonly waitMs: number
}

/**
 * Whether no backend takes the job now, or will in its time. A backend that sleeps is waited for while it may still be up in
 * time: what was learnt of its starts refuses only what cannot make it.
 */
export function outOfService(backends: readonly BackendState[], job: Job, now: number): Refusal | undefined {
  let soonestMs = Number.POSITIVE_INFINITY
  let coldMs = Number.POSITIVE_INFINITY
  let downMs = Number.POSITIVE_INFINITY
  let isAnyAble = false
  for (const backend of backends) {
    if (!isAble(backend, job, now)) continue
    isAnyAble = true
    const health = healthFor(backend, job.model)
    switch (health.kind) {
      case 'usable':
      case 'slow-start':
      // Suspicion is no reason to leave out the last, a half-open backend is being tried at this moment, and one that seems
      // to be down is being looked at.
      case 'ejected':
      case 'half-open':
        return undefined
      case 'cold': {
        const { coldStart } = backend.times
        const startedMs = now - askedToStartAt(health, now)
        soonestMs = Math.min(soonestMs, FASTEST_START_SHARE * (coldStart?.leastMs ?? 0) - startedMs)
        coldMs = Math.min(coldMs, (coldStart?.meanMs ?? UNKNOWN_START_MS) - startedMs)
        break
      }
      case 'down':
        // A backend that just went away may be back in a moment: its process is started anew, or it was never gone.
        if (!health.isSure || relapsesAt(backend.record, now) <= PATIENT_RELAPSES) return undefined
        downMs = Math.min(downMs, health.until - now)
    }
  }
  if (!isAnyAble) return memoryMayReturn(backends, job, now) ? undefined : noneLeft(backends, job, now)
  if (now + soonestMs <= job.deadlineAt && now < job.deadlineAt) return undefined
  if (Number.isFinite(coldMs)) return { reason: 'cold', waitMs: Math.max(MIN_START_RETRY_MS, coldMs) }
  return { reason: 'down', waitMs: Number.isFinite(downMs) ? downMs : OUT_OF_SERVICE_MS }
}

/** When a job that waited for a start in vain may come back; undefined where no start was waited for. */
export function stillAsleep(backends: readonly BackendState[], job: Job, now: number): Refusal | undefined {
  const refusal = outOfService(backends, { ...job, deadlineAt: now }, now)
  return refusal?.reason === 'cold' ? refusal : undefined
}

/** A start that takes longer than usual may be over at any moment. */
const MIN_START_RETRY_MS = 5_000

/** A job whose client set no deadline waits for a start where every backend that could take it is asleep. */
export function waitForStart(backends: readonly BackendState[], job: Job, now: number): Job {
  if (!job.waitsForStart) return job
  const able = backends.filter((backend) => isAble(backend, job, now))
  const cold = able.filter(({ health }) => health.kind === 'cold')
  if (cold.length === 0 || able.some((backend) => isServing(healthFor(backend, job.model)))) return job
  const waitMs = Math.max(...cold.map(({ coldStartWaitMs }) => coldStartWaitMs))
  return { ...job, hasWaitedForStart: true, deadlineAt: Math.max(job.deadlineAt, now + waitMs) }
}

/** Whether a backend that is short of memory for now may have it again in time. */
const memoryMayReturn = (backends: readonly BackendState[], job: Job, now: number): boolean =>
  backends.some((backend) => {
    const until = Math.max(now, ...backend.ceilings.map((ceiling) => ceiling.until))
    return isServing(healthFor(backend, job.model)) && isAble(backend, job, until) && until < job.deadlineAt
  })

function noneLeft(backends: readonly BackendState[], job: Job, now: number): Refusal {
  const isTooLargeForAll = backends.every(
    (backend) => !backend.models.includes(job.model) || isTooLarge(backend, job, now),
  )
  return { reason: isTooLargeForAll ? 'too-large' : 'exhausted', waitMs: 0 }
}
