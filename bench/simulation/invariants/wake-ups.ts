/** I3: nobody waits for something that could be done now. */
import type { BackendState, Job, PoolState } from '../../../src/pool/state.ts'
import { nextWakeAt, step } from '../../../src/pool/step.ts'
import { expectedMs, isBeyondDoubt, isLearntFor } from './beliefs.ts'
import type { Invariant } from './observed.ts'

/** A step leaves nothing to do at the same moment. */
export const leavesNothingUndone: Invariant = ({ after, now }) => {
  const [, actions] = step(after, { kind: 'tick' }, now)
  return actions.length > 0 ? `${actions.length} actions were left undone: ${actions[0]?.kind}` : undefined
}

/** A pool in which jobs wait wakes up by itself, at the first deadline at the latest. */
export const wakesInTime: Invariant = ({ after, now }) => {
  if (after.lanes.length === 0) return undefined
  const wakeAt = nextWakeAt(after, now)
  let deadlineAt = Number.POSITIVE_INFINITY
  for (const { jobs } of after.lanes)
    for (const job of jobs) deadlineAt = Math.min(deadlineAt, job.deadlineAt)
  if (wakeAt === undefined) return 'jobs wait and no timer is set'
  if (wakeAt <= now) return 'the timer is set to the past'
  return wakeAt > Math.max(deadlineAt, now + 1) ? 'the timer is set past a deadline' : undefined
}

/** Longest decode that no backend is reserved against. */
export const SHORT_MS = 1_000

/**
 * No short job waits while a backend that nothing speaks against idles, unless a faster one is about to be free.
 * Written from the definition of earliest completion, without the pool's own functions.
 */
export const letsNobodyIdle: Invariant = ({ after, now }) => {
  for (const backend of after.backends) {
    if (backend.leases.length > 0) continue
    for (const { jobs } of after.lanes) {
      const job = jobs.find((other) => isBestFor(after, backend, other, now))
      if (job) return `${job.ticket} waits while ${backend.id} idles`
    }
  }
  return undefined
}

/** Whether the backend can finish the job in time, and no other could sooner, were it free at this moment. */
export function isBestFor({ backends }: PoolState, backend: BackendState, job: Job, now: number): boolean {
  if (job.predictedMs > SHORT_MS || !isAble(backend, job) || !isBeyondDoubt(backend, job, now)) return false
  const ownMs = expectedMs(backend, job)
  if (now + ownMs > job.deadlineAt) return false
  // One of which little is known may be faster, and is tried.
  return backends.every(
    (other) =>
      other === backend ||
      !isAble(other, job) ||
      (isLearntFor(other, job) && expectedMs(other, job) >= ownMs),
  )
}

const isAble = ({ id, models, ceilings }: BackendState, { model, exclude }: Job): boolean =>
  models.includes(model) && !exclude.includes(id) && ceilings.length === 0
