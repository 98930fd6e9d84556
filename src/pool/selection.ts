/** Which backend a job goes to: the one that is expected to finish it first, be it idle or about to be free. */
import { type Health, isServing } from './health-states.ts'
import { expectedMs, riskMs, soonestMs, soonestShare, worstMs } from './pace.ts'
import { freeAt, hasRoom } from './places.ts'
import type { BackendState, Job } from './state.ts'

/** How much later a backend is expected to finish right after it failed; fades to nothing. */
const FAILURE_PENALTY_MS = 5_000
const PENALTY_FADES_MS = 10_000

/** How much longer a job waits for another backend where this one may well be too late with it. */
const LATE_RISK_MS = 10_000

/** What a backend that is coming back may be given. */
const HALF_OPEN_JOB_MS = 500
const SLOW_START_JOB_MS = 2_500

/** Below this share of backends that serve, suspicion is no longer a reason to leave one out. */
const PANIC_SHARE = 0.5

/** Backends that the job may go to now or soon, in the state they are in. */
export function candidatesOf(
  backends: readonly BackendState[],
  job: Job,
  now: number,
): readonly BackendState[] {
  const able = backends.filter((backend) => isAble(backend, job, now))
  if (able.every(({ health }) => health.kind === 'usable')) return able
  const serving = able.filter(({ health }) => isServing(health))
  const warm = serving.filter(({ health }) => isWarmEnough(health, job))
  const chosen = warm.length > 0 ? warm : serving
  const trying = able.filter((backend) => maySettle(backend, job, now))
  const enabled = able.filter(({ health }) => health.kind !== 'drained' && health.kind !== 'disabled')
  const isPanic = serving.length < PANIC_SHARE * enabled.length || serving.length === 0
  const ejected = isPanic ? able.filter(({ health }) => health.kind === 'ejected') : []
  if (trying.length === 0 && ejected.length === 0) return chosen
  return [...chosen, ...trying, ...ejected]
}

type Sized = Pick<Job, 'model' | 'predictedMs' | 'exclude'>

/** Whether it decodes this at all: the model, the size, and not one that has failed the job. */
export const isAble = (backend: BackendState, job: Sized, now: number): boolean =>
  backend.models.includes(job.model) && !job.exclude.includes(backend.id) && !isTooLarge(backend, job, now)

export const isTooLarge = (
  { ceilings }: BackendState,
  job: Pick<Job, 'model' | 'predictedMs'>,
  now: number,
): boolean =>
  ceilings.some(
    ({ model, predictedMs, until }) => model === job.model && job.predictedMs > predictedMs && until > now,
  )

const isWarmEnough = (health: Health, job: Job): boolean =>
  health.kind !== 'slow-start' || job.predictedMs <= SLOW_START_JOB_MS

/** A half-open backend takes one small job, alone and at once, to show what it can. */
const maySettle = ({ health, leases, busyUntil }: BackendState, job: Job, now: number): boolean =>
  health.kind === 'half-open' &&
  !health.isProbing &&
  busyUntil <= now &&
  leases.length === 0 &&
  job.predictedMs <= HALF_OPEN_JOB_MS

/** What is promised within one step: when each backend will be free of the jobs that wait for it. */
export type Promises = Map<string, number>

export interface Choice {
  readonly backend: BackendState
  /** When the job starts and ends there, by prediction. */
  readonly startsAt: number
  readonly endsAt: number
  /** Whether it can be sent now. */
  readonly hasRoom: boolean
}

/** @param startedAt of the pool */
export function choose(
  candidates: readonly BackendState[],
  job: Job,
  promises: Promises,
  startedAt: number,
  now: number,
): Choice | undefined {
  let best: BackendState | undefined
  let bestStartsAt = 0
  let bestEndsAt = 0
  let bestCost = Number.POSITIVE_INFINITY
  for (const backend of candidates) {
    if (backend.busyUntil > job.deadlineAt) continue
    const free = Math.max(promises.get(backend.id) ?? freeAt(backend, now), backend.busyUntil)
    const startsAt = Math.max(now + backend.pace.gapMs, free)
    const decodeMs = expectedMs(backend, job.predictedMs, now)
    const endsAt = startsAt + decodeMs
    // A decode whose answer comes too late for anybody is not begun.
    if (endsAt > job.deadlineAt && startsAt + soonestMs(backend, job.predictedMs) > job.deadlineAt) continue
    const cost = endsAt + doubtMs(backend, job, startsAt, decodeMs) + failurePenaltyMs(backend, now)
    if (cost > bestCost || (cost === bestCost && best && backend.lastGrantAt >= best.lastGrantAt)) continue
    best = backend
    bestStartsAt = startsAt
    bestEndsAt = endsAt
    bestCost = cost
  }
  if (!best) return undefined
  const isFree = !promises.has(best.id) && best.busyUntil <= now && mayBeSent(best, job, startedAt, now)
  return { backend: best, startsAt: bestStartsAt, endsAt: bestEndsAt, hasRoom: isFree }
}

/** A job that has failed before may take its backend down, so it does not join another there. */
const mayBeSent = (backend: BackendState, job: Job, startedAt: number, now: number): boolean =>
  hasRoom(backend, now, startedAt) && (job.failures.length === 0 || backend.leases.length < backend.slots)

/** What speaks against a backend whose decodes are all over the place: the time that one may take, and the deadline. */
function doubtMs(backend: BackendState, { deadlineAt }: Job, startsAt: number, decodeMs: number): number {
  const mayBeLate = startsAt + worstMs(backend, decodeMs) > deadlineAt && startsAt + decodeMs <= deadlineAt
  return riskMs(backend, decodeMs) + (mayBeLate ? LATE_RISK_MS : 0)
}

function failurePenaltyMs({ record, health }: BackendState, now: number): number {
  const since = now - record.failedAt
  const fading = since < PENALTY_FADES_MS ? FAILURE_PENALTY_MS * (1 - since / PENALTY_FADES_MS) : 0
  return health.kind === 'ejected' ? fading + FAILURE_PENALTY_MS : fading
}

/**
 * When it is too late to begin a job on any backend of its model, were it idle. What does not depend on the job is
 * found once per model, as a whole queue is asked about at each step.
 */
export function lastCalls(backends: readonly BackendState[]): (job: Job) => number {
  const shares = new Map<string, number>()
  return ({ model, predictedMs, deadlineAt }) => {
    let share = shares.get(model)
    if (share === undefined) {
      const able = backends.filter(({ models }) => models.includes(model))
      share = Math.min(...able.map(({ pace }) => soonestShare(pace)))
      shares.set(model, share)
    }
    return Number.isFinite(share) ? deadlineAt - predictedMs * share : deadlineAt
  }
}
