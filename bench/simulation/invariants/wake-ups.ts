/** I3: nobody waits for something that could be done now. */
import type { BackendState, Job, PoolState } from '../../../src/pool/state.ts'
import { nextWakeAt, step } from '../../../src/pool/step.ts'
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
/** Decodes are so far from what is expected that jobs would rather go elsewhere. */
export const ERRATIC_SPREAD = 0.3
/** For so long after a failure a backend may be passed over though it is idle. */
const DISTRUST_MS = 10_000

/**
 * No short job waits while a backend that nothing speaks against idles, unless a faster one is about to be free.
 * Written from the definition of earliest completion, without the pool's own functions.
 */
export const letsNobodyIdle: Invariant = ({ after, now }) => {
  for (const backend of after.backends) {
    if (backend.leases.length > 0 || !isBeyondDoubt(backend, now)) continue
    for (const { jobs } of after.lanes) {
      const job = jobs.find((other) => isBestFor(after, backend, other, now))
      if (job) return `${job.ticket} waits while ${backend.id} idles`
    }
  }
  return undefined
}

export const isBeyondDoubt = ({ health, busyUntil, record, pace }: BackendState, now: number): boolean =>
  health.kind === 'usable' &&
  busyUntil <= now &&
  now - record.failedAt > DISTRUST_MS &&
  pace.spread <= ERRATIC_SPREAD

/** Whether the backend can finish the job in time, and no other could sooner, were it free at this moment. */
export function isBestFor({ backends }: PoolState, backend: BackendState, job: Job, now: number): boolean {
  if (job.predictedMs > SHORT_MS || job.exclude.includes(backend.id)) return false
  if (!backend.models.includes(job.model) || backend.ceilings.length > 0) return false
  const costOn = ({ pace }: BackendState): number => pace.gapMs + job.predictedMs * pace.speed
  if (now + costOn(backend) > job.deadlineAt) return false
  return backends.every((other) => other === backend || costOn(other) >= costOn(backend))
}
