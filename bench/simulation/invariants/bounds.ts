/** I11: the state stays small and its numbers stay numbers. */
import type { Point } from '../../../src/pool/service-times.ts'
import type { BackendState } from '../../../src/pool/state.ts'
import { type Invariant, isStepNews } from './observed.ts'

const MAX_JOBS = 4_096
/** Sizes of which a time is known, per model: four to an octave. */
const MAX_POINTS = 64
const MAX_DEAD_MS = 2_000
/** Of a request: three that may cost a decode, and those that cost nothing. */
const MAX_TRIES = 23
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
      if (!Number.isFinite(lane.deficitMs)) return `the deficit of ${lane.key} is ${lane.deficitMs}`
      if (lane.jobs.some(({ failures }) => failures.length > MAX_TRIES)) return 'a job has failed too often'
    }
    if (jobs > MAX_JOBS + slack(backends)) return `${jobs} jobs wait`
  }
  return isStepNews(before, after) ? oddity(backends) : undefined
}

function oddity(backends: readonly BackendState[]): string | undefined {
  for (const { id, times, record, tasks, ceilings, models } of backends) {
    const { curves, deadMs } = times
    if (!(deadMs >= 0 && deadMs <= MAX_DEAD_MS)) return `${id} has a dead time of ${deadMs} ms`
    if (curves.length > models.length || tasks.length > models.length) return `${id} knows strange models`
    for (const { task, points } of curves) {
      if (points.length > MAX_POINTS) return `${id} has ${points.length} points for ${task}`
      if (!points.every(isSound)) return `${id} has a point for ${task} that is no time`
    }
    const records = [record, ...tasks.map((task) => task.record)]
    const most = Math.max(...records.map(({ buckets }) => buckets.length))
    if (most > MAX_BUCKETS) return `${id} has ${most} buckets`
    if (ceilings.length > models.length) return `${id} has ${ceilings.length} ceilings`
  }
  return undefined
}

const isSound = ({ sizeMs, meanMs, deviationMs }: Point): boolean =>
  sizeMs > 0 && meanMs > 0 && deviationMs >= 0 && Number.isFinite(sizeMs + meanMs + deviationMs)
