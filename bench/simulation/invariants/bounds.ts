/** I11: the state stays small and its numbers stay numbers. */
import { MAX_ATTEMPTS } from '../../../src/dispatch/retry-policy.ts'
import type { BackendState } from '../../../src/pool/state.ts'
import { type Invariant, isStepNews } from './observed.ts'

const MAX_JOBS = 256
const MAX_JOBS_PER_KEY = 32
/** Buckets of three seconds that a half minute can touch. */
const MAX_BUCKETS = 11
/** A job whose attempt failed keeps its right to wait, so the bounds give way by as many as can run at once. */
const slack = (backends: readonly BackendState[]): number =>
  backends.reduce((sum, { slots }) => sum + 2 * slots, 0)

export const staysSmall: Invariant = ({ before, after }) => {
  const { lanes, backends } = after
  if (before.lanes !== lanes) {
    let jobs = 0
    for (const lane of lanes) {
      jobs += lane.jobs.length
      if (lane.jobs.length === 0) return `the lane of ${lane.key} is empty`
      if (lane.jobs.length > MAX_JOBS_PER_KEY + slack(backends))
        return `${lane.key} has ${lane.jobs.length} jobs`
      if (!Number.isFinite(lane.deficitMs)) return `the deficit of ${lane.key} is ${lane.deficitMs}`
      if (lane.jobs.some(({ failures }) => failures.length > MAX_ATTEMPTS))
        return 'a job has failed too often'
    }
    if (jobs > MAX_JOBS + slack(backends)) return `${jobs} jobs wait`
  }
  return isStepNews(before, after) ? oddity(backends) : undefined
}

function oddity(backends: readonly BackendState[]): string | undefined {
  for (const { id, pace, record, ceilings, models } of backends) {
    const isSound = pace.speed > 0 && Number.isFinite(pace.speed + pace.coldStartMs) && pace.gapMs > 0
    if (!isSound) return `${id} has a pace of ${pace.speed} and a gap of ${pace.gapMs} ms`
    if (record.buckets.length > MAX_BUCKETS) return `${id} has ${record.buckets.length} buckets`
    if (ceilings.length > models.length) return `${id} has ${ceilings.length} ceilings`
  }
  return undefined
}
