/** Which backend a job goes to: the one that is expected to finish it first, be it idle or about to be free. */
import { bySize } from './by-size.ts'
import { type Crowd, delayedJobs } from './crowd.ts'
import { type Health, isServing } from './health-states.ts'
import { freeAt, hasRoom } from './places.ts'
import { type Estimate, estimate, hopefulMs, isOldAfter, soonestMs } from './service-times.ts'
import type { BackendState, Job } from './state.ts'
import { healthFor, pausedUntil, strikesOf, taskOf } from './task-health.ts'
import { FAILURE_PENALTY_MS, HALF_OPEN_JOB_MS, PENALTY_FADES_MS, SLOW_START_JOB_MS } from './tuning.ts'

/** Backends that the job may go to now or soon, in the state they are in. */
export function candidatesOf(
  backends: readonly BackendState[],
  job: Job,
  now: number,
): readonly BackendState[] {
  const able = backends.filter((backend) => isAble(backend, job, now))
  if (able.every(isFine)) return able
  const serving = able.filter((backend) => isServing(healthFor(backend, job.model)))
  const trusted = serving.filter((backend) => taskOf(backend, job.model).suspicion === null)
  const warm = trusted.filter(({ health }) => isWarmEnough(health, job))
  const chosen = [warm, trusted, serving].find(({ length }) => length > 0) ?? []
  const trying = able.filter((backend) => maySettle(backend, job, now))
  // Suspicion is no reason to leave out the last.
  const last = chosen.length > 0 ? [] : able.filter((backend) => isOutForTask(backend, job))
  return [...chosen, ...trying, ...last]
}

const isFine = ({ health, tasks }: BackendState): boolean =>
  health.kind === 'usable' && tasks.every(isTaskFine)
const isTaskFine = ({ health, suspicion }: BackendState['tasks'][number]): boolean =>
  health.kind === 'usable' && suspicion === null

type Sized = Pick<Job, 'key' | 'model' | 'predictedMs' | 'exclude'>

/** Whether it decodes this at all: the model, the size, and not one that has failed the job. */
export const isAble = (backend: BackendState, job: Sized, now: number): boolean =>
  backend.models.includes(job.model) && !job.exclude.includes(backend.id) && !isTooLarge(backend, job, now)

export const isTooLarge = (
  { ceilings }: BackendState,
  job: Pick<Job, 'key' | 'model' | 'predictedMs'>,
  now: number,
): boolean =>
  ceilings.some(
    ({ key, model, predictedMs, until }) =>
      model === job.model &&
      (key === null || key === job.key) &&
      job.predictedMs > predictedMs &&
      until > now,
  )

const isWarmEnough = (health: Health, job: Job): boolean =>
  health.kind !== 'slow-start' || job.predictedMs <= SLOW_START_JOB_MS

const isOutForTask = (backend: BackendState, { model }: Job): boolean =>
  isServing(backend.health) && !isServing(healthFor(backend, model))

/** A half-open backend takes one small job, alone and at once, to show what it can. */
function maySettle(backend: BackendState, job: Job, now: number): boolean {
  const { health } = backend
  return (
    health.kind === 'half-open' &&
    !health.isProbing &&
    pausedUntil(backend, job.model) <= now &&
    backend.leases.length === 0 &&
    job.predictedMs <= HALF_OPEN_JOB_MS
  )
}

/** What is known of a job's decode on a backend. */
export const estimateFor = (
  { times }: BackendState,
  { model, predictedMs }: Pick<Job, 'model' | 'predictedMs'>,
) => estimate(times, model, predictedMs)

/** What is promised within one step: when each backend will be free of the jobs that wait for it. */
export type Promises = Map<string, number>

export interface Choice {
  readonly backend: BackendState
  readonly known: Estimate
  /** Whether the backend was not used for so long that this may have changed. */
  readonly isOld: boolean
  /** When the job starts and ends there, by prediction. */
  readonly startsAt: number
  readonly endsAt: number
  /** Whether it can be sent now. */
  readonly hasRoom: boolean
}

/** The pool as far as a choice depends on it. */
export interface Surroundings {
  readonly crowd: Crowd
  /** When the pool began. */
  readonly startedAt: number
}

/**
 * The backend that finishes the job first. A job that would have to wait for a busy backend also delays those that come after
 * it there, so while others keep coming a slower backend that is idle is taken earlier.
 */
export function choose(
  candidates: readonly BackendState[],
  job: Job,
  promises: Promises,
  { crowd, startedAt }: Surroundings,
  now: number,
): Choice | undefined {
  const offers = candidates.flatMap((backend) => offer(backend, job, promises, now))
  let best: Offer | undefined
  let bestCost = Number.POSITIVE_INFINITY
  for (const one of offers) {
    const cost = one.believedEndsAt + delayMs(one, offers, crowd) + penaltyMs(one.backend, job, now)
    if (cost > bestCost) continue
    if (cost === bestCost && best && one.backend.lastGrantAt >= best.backend.lastGrantAt) continue
    best = one
    bestCost = cost
  }
  if (!best) return undefined
  const { backend, known, isOld, startsAt } = best
  const isFree = !promises.has(backend.id) && pausedUntil(backend, job.model) <= now
  const mayBeSent = isFree && hasRoom(backend, now, startedAt) && joins(backend, job)
  return { backend, known, isOld, startsAt, endsAt: startsAt + known.meanMs, hasRoom: mayBeSent }
}

/** What a backend could do for a job. */
interface Offer {
  readonly backend: BackendState
  readonly known: Estimate
  readonly isOld: boolean
  readonly startsAt: number
  readonly believedEndsAt: number
  /** Until the backend is free, besides the job's way there. */
  readonly waitMs: number
}

function offer(backend: BackendState, job: Job, promises: Promises, now: number): Offer[] {
  const paused = pausedUntil(backend, job.model)
  if (paused > job.deadlineAt) return []
  const known = estimateFor(backend, job)
  const unusedMs = backend.leases.length === 0 ? now - backend.lastGrantAt : 0
  const arrivesAt = now + backend.times.deadMs
  const free = Math.max(promises.get(backend.id) ?? freeAt(backend, now), paused)
  const startsAt = Math.max(arrivesAt, free)
  // A decode whose answer comes too late for its client is not begun.
  if (startsAt + soonestMs(known) > job.deadlineAt) return []
  return [
    {
      backend,
      known,
      isOld: isOldAfter(known, unusedMs),
      startsAt,
      believedEndsAt: startsAt + hopefulMs(known, unusedMs),
      waitMs: startsAt - arrivesAt,
    },
  ]
}

/** What the job costs those behind it. A job that does not wait delays no one that would not have waited anyway. */
function delayMs({ known, waitMs }: Offer, offers: readonly Offer[], crowd: Crowd): number {
  if (waitMs <= 0) return 0
  let slots = 0
  for (const other of offers) {
    if (other.known.meanMs <= known.meanMs) slots += other.backend.slots
  }
  return delayedJobs(crowd, slots) * Math.min(waitMs, known.meanMs)
}

/** A job that has failed before may take its backend down, so it does not join another there. */
const joins = (backend: BackendState, job: Job): boolean =>
  job.failures.length === 0 || backend.leases.length < backend.slots

function penaltyMs(backend: BackendState, { model }: Job, now: number): number {
  const { count, at } = strikesOf(backend, model)
  const since = now - at
  const fading =
    count > 0 && since < PENALTY_FADES_MS ? count * FAILURE_PENALTY_MS * (1 - since / PENALTY_FADES_MS) : 0
  return isServing(healthFor(backend, model)) ? fading : fading + PENALTY_FADES_MS
}

/** When it is too late to begin a job on any backend of its model, were it idle. */
export function lastCalls(
  backends: readonly BackendState[],
): (job: Pick<Job, 'model' | 'predictedMs'>, deadlineAt: number) => number {
  const leastMsOf = bySize((job) => {
    const able = backends.filter(({ models }) => models.includes(job.model))
    return Math.min(...able.map((backend) => soonestMs(estimateFor(backend, job))))
  })
  return (job, deadlineAt) => {
    const leastMs = leastMsOf(job)
    return Number.isFinite(leastMs) ? deadlineAt - leastMs : deadlineAt
  }
}
