/**
 * The queue: a lane per key, served by deficit round robin in predicted decode time, so that a key with long or
 * many jobs takes no more than its share; within a lane short jobs first, with ageing.
 * Source: M. Shreedhar, G. Varghese, Efficient Fair Queuing using Deficit Round Robin, 1995.
 */
import type { Job, Lane } from './state.ts'
import { SHORT_JOB_MS } from './traffic.ts'

/** Decode time each key may take per round. */
const QUANTUM_MS = 500
/** What a job costs besides its decode, so that tiny ones are not free. */
const JOB_OVERHEAD_MS = 20
/** Five seconds of waiting outweigh one of work. */
const AGEING = 0.2

/** A job in the order in which slots are offered. `round`: of the ring, in which its lane can afford it. */
export interface Turn {
  readonly lane: number
  readonly job: Job
  readonly round: number
}

const costMs = (job: Job): number => job.predictedMs + JOB_OVERHEAD_MS
const rank = (job: Job): number => job.predictedMs + AGEING * job.enqueuedAt

const isAged = (job: Job, now: number): boolean =>
  now - job.enqueuedAt > (job.deadlineAt - job.enqueuedAt) / 2

export function enqueue(lanes: readonly Lane[], job: Job): readonly Lane[] {
  const at = lanes.findIndex(({ key }) => key === job.key)
  const lane = lanes[at]
  if (!lane) return [...lanes, { key: job.key, deficitMs: 0, jobs: [job] }]
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

/** The jobs in the order of their turns, `limit` of them at most. */
export function inTurn(lanes: readonly Lane[], now: number, limit: number): readonly Turn[] {
  const turns: Turn[] = []
  for (const [lane, { deficitMs, jobs }] of lanes.entries()) {
    let affordable = deficitMs
    let round = 0
    for (const job of inLane(jobs, now).slice(0, limit)) {
      affordable -= costMs(job)
      if (affordable < 0) {
        const rounds = Math.ceil(-affordable / QUANTUM_MS)
        round += rounds
        affordable += rounds * QUANTUM_MS
      }
      turns.push({ lane, job, round })
    }
  }
  if (lanes.length > 1) turns.sort((a, b) => a.round - b.round || a.lane - b.lane)
  return turns.length > limit ? turns.slice(0, limit) : turns
}

/**
 * Short jobs before long ones. A long one that has waited for half of its time takes turns with the short ones: it
 * shall not starve, and neither shall they wait behind a whole queue of such.
 */
function inLane(jobs: readonly Job[], now: number): readonly Job[] {
  if (jobs.length === 1) return jobs
  const short = jobs.filter(({ predictedMs }) => predictedMs <= SHORT_JOB_MS)
  if (short.length === jobs.length) return jobs
  const long = jobs.filter(({ predictedMs }) => predictedMs > SHORT_JOB_MS)
  const aged = long.filter((job) => isAged(job, now)).sort((a, b) => a.enqueuedAt - b.enqueuedAt)
  const young = long.filter((job) => !isAged(job, now))
  const merged: Job[] = []
  for (let index = 0; index < Math.max(short.length, aged.length); index++) {
    merged.push(...short.slice(index, index + 1), ...aged.slice(index, index + 1))
  }
  return [...merged, ...young]
}

/**
 * The lanes after these turns were taken: every lane has its quanta of the rounds that went by, those that were
 * served paid. A lane that could not use its turns keeps what its most expensive job needs, and no more.
 */
export function afterTurns(lanes: readonly Lane[], taken: readonly Turn[]): readonly Lane[] {
  if (taken.length === 0) return lanes
  const tickets = new Set(taken.map(({ job }) => job.ticket))
  const rounds = Math.max(...taken.map(({ round }) => round))
  const paid = new Array<number>(lanes.length).fill(0)
  for (const { lane, job } of taken) paid[lane] = (paid[lane] ?? 0) + costMs(job)
  return lanes.flatMap((lane, index) => {
    const jobs = lane.jobs.filter((job) => !tickets.has(job.ticket))
    if (jobs.length === 0) return []
    const most = Math.max(...jobs.map(costMs))
    const deficitMs = Math.min(lane.deficitMs + rounds * QUANTUM_MS - (paid[index] ?? 0), most)
    return [{ ...lane, deficitMs, jobs }]
  })
}
