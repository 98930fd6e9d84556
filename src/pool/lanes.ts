/**
 * The queue. Each key has a lane for its short jobs and one for its long ones; lanes are served by deficit round robin
 * in predicted decode time, so that nobody takes more than a share with long or many jobs, and pictures do not wait
 * behind videos. Within a lane the shortest goes first, with ageing.
 * Source: M. Shreedhar, G. Varghese, Efficient Fair Queuing using Deficit Round Robin, 1995.
 */
import type { Job, Lane } from './state.ts'
import { SHORT_JOB_MS } from './traffic.ts'

/** Decode time each key may take per round. */
const QUANTUM_MS = 500
/** What a lane may save up of turns that it could not use. */
const CREDIT_MS = 4 * QUANTUM_MS
/** What a job costs besides its decode, so that tiny ones are not free. */
const JOB_OVERHEAD_MS = 20
/** Work that a second of waiting outweighs: a long job that is overtaken again and again may never be served. */
const AGEING = { short: 0.2, long: 1 }

/** A job in the order in which slots are offered. `round`: of the ring, in which its lane can afford it. */
export interface Turn {
  readonly lane: number
  readonly job: Job
  readonly round: number
}

/** A job that a backend has failed, or is late with, has had its turn and paid for it. */
export const hadTurn = ({ failures, purpose }: Job): boolean => failures.length > 0 || purpose === 'hedge'

const costMs = (job: Job): number => (hadTurn(job) ? 0 : job.predictedMs + JOB_OVERHEAD_MS)
const rank = (job: Job): number =>
  job.predictedMs + (isLong(job) ? AGEING.long : AGEING.short) * job.enqueuedAt
export const isLong = (job: Job): boolean => job.predictedMs > SHORT_JOB_MS

/**
 * A job that has waited for half of its time goes before all others of its lane, as does one that has had its turn before:
 * it has little time left.
 */
const isAged = (job: Job, now: number): boolean =>
  hadTurn(job) || now - job.enqueuedAt > (job.deadlineAt - job.enqueuedAt) / 2

/**
 * @param heldMs decode time that its key has been granted already. A key that has nothing has its first quantum at once, as
 * sparse flows do in fair queueing (RFC 8290, 4.2).
 */
export function enqueue(lanes: readonly Lane[], job: Job, heldMs: number): readonly Lane[] {
  const at = lanes.findIndex((lane) => lane.key === job.key && lane.isLong === isLong(job))
  const lane = lanes[at]
  if (!lane) {
    const deficitMs = Math.max(0, Math.min(QUANTUM_MS, costMs(job)) - heldMs)
    return [...lanes, { key: job.key, isLong: isLong(job), deficitMs, jobs: [job] }]
  }
  const own = rank(job)
  const place = lane.jobs.findIndex((other) => rank(other) > own)
  return lanes.with(at, { ...lane, jobs: lane.jobs.toSpliced(place < 0 ? lane.jobs.length : place, 0, job) })
}

/** The lanes without the jobs that `isGone`; a lane without jobs is gone with its deficit. */
export function withoutJobs(lanes: readonly Lane[], isGone: (job: Job) => boolean): readonly Lane[] {
  if (!lanes.some(({ jobs }) => jobs.some(isGone))) return lanes
  return lanes.flatMap((lane) => {
    const jobs = lane.jobs.filter((job) => !isGone(job))
    return jobs.length > 0 ? [{ ...lane, jobs }] : []
  })
}

export function findJob(lanes: readonly Lane[], ticket: string): Job | undefined {
  for (const { jobs } of lanes) {
    const job = jobs.find((other) => other.ticket === ticket)
    if (job) return job
  }
  return undefined
}

/** The jobs that may go in the order of their turns, `limit` of them at most. */
export function inTurn(
  lanes: readonly Lane[],
  now: number,
  limit: number,
  mayGo: (job: Job) => boolean = () => true,
): readonly Turn[] {
  const turns: Turn[] = []
  const quantumOf = quanta(lanes)
  for (const [lane, { deficitMs, jobs, key }] of lanes.entries()) {
    const quantumMs = quantumOf(key)
    let affordable = deficitMs
    let round = 0
    for (const job of agedFirst(jobs.every(mayGo) ? jobs : jobs.filter(mayGo), now, limit)) {
      affordable -= costMs(job)
      if (affordable < 0) {
        const rounds = Math.ceil(-affordable / quantumMs)
        round += rounds
        affordable += rounds * quantumMs
      }
      turns.push({ lane, job, round })
    }
  }
  if (lanes.length > 1) turns.sort((a, b) => a.round - b.round || a.lane - b.lane)
  return turns.length > limit ? turns.slice(0, limit) : turns
}

/** A key with two lanes divides its quantum between them. */
function quanta(lanes: readonly Lane[]): (key: string) => number {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { key } of lanes) (seen.has(key) ? twice : seen).add(key)
  return (key) => (twice.has(key) ? QUANTUM_MS / 2 : QUANTUM_MS)
}

function agedFirst(jobs: readonly Job[], now: number, limit: number): readonly Job[] {
  if (!jobs.some((job) => isAged(job, now))) return jobs.length > limit ? jobs.slice(0, limit) : jobs
  const aged = jobs.filter((job) => isAged(job, now)).sort((a, b) => a.enqueuedAt - b.enqueuedAt)
  return [...aged, ...jobs.filter((job) => !isAged(job, now))].slice(0, limit)
}

/**
 * The lanes after these turns were taken: every lane has its quanta of the rounds that went by, those that were
 * served paid. A lane that could not use its turns, as its jobs wait for another backend, keeps what its next job
 * and some rounds come to: less would pass its share on to the others.
 */
export function afterTurns(lanes: readonly Lane[], taken: readonly Turn[], now: number): readonly Lane[] {
  if (taken.length === 0) return lanes
  const tickets = new Set(taken.map(({ job }) => job.ticket))
  const rounds = Math.max(...taken.map(({ round }) => round))
  const quantumOf = quanta(lanes)
  const paid = new Map<number, number>()
  for (const { lane, job } of taken) paid.set(lane, (paid.get(lane) ?? 0) + costMs(job))
  return lanes.flatMap((lane, index) => {
    const jobs = paid.has(index) ? lane.jobs.filter((job) => !tickets.has(job.ticket)) : lane.jobs
    const [next] = agedFirst(jobs, now, 1)
    if (!next) return []
    const earnedMs = rounds * quantumOf(lane.key) - (paid.get(index) ?? 0)
    return [{ ...lane, deficitMs: Math.min(lane.deficitMs + earnedMs, costMs(next) + CREDIT_MS), jobs }]
  })
}
