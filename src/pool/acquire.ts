/** A job comes in. */
import { refusalOf } from './admission.ts'
import { payHedge, payRetry, refill } from './budget.ts'
import { reject, type Step, slotsOf } from './edit.ts'
import type { RejectReason } from './events.ts'
import { enqueue, findJob, withoutJobs } from './lanes.ts'
import { part } from './schedule.ts'
import { waitForStart } from './service.ts'
import type { Budget, Job, PoolState } from './state.ts'
import { countJob } from './traffic.ts'

/**
 * Every job that can be served goes through the queue, if only for the length of this step. A caller that lost its
 * connection asks again under the same ticket, and keeps its place.
 */
export function acquire(before: PoolState, asked: Job, now: number): Step {
  const known = findJob(before.lanes, asked.ticket)
  const patient = waitForStart(before.backends, asked, now)
  const job = known ? { ...patient, enqueuedAt: known.enqueuedAt } : patient
  const lanes = known ? withoutJobs(before.lanes, ({ ticket }) => ticket === job.ticket) : before.lanes
  const state = { ...before, lanes, budget: refill(before.budget, slotsOf(before), now) }
  if (job.purpose === 'part') {
    const granted = job.deadlineAt > now ? part(state, job, now) : undefined
    return granted ? [granted[0], [granted[1]]] : reject(state, job, 'queue-full', 0)
  }
  const refusal = refusalOf(state, job, now)
  const counted = isCounted(job, refusal?.reason)
    ? { ...state, traffic: countJob(state.traffic, job, !refusal, now) }
    : { ...state, traffic: { ...state.traffic, askedAt: now } }
  if (refusal) return reject(counted, job, refusal.reason, refusal.waitMs)
  const budget = pay(counted.budget, job)
  if (!budget) return reject(counted, job, 'budget', 1_000)
  return [{ ...counted, budget, lanes: enqueue(lanes, job, heldMs(state, job.key)) }, []]
}

/** What a second try costs; undefined when there is nothing left to pay it with. */
function pay(budget: Budget, { purpose, failures, predictedMs }: Job): Budget | undefined {
  if (purpose === 'hedge') return payHedge(budget, predictedMs)
  return failures.length > 0 ? payRetry(budget, predictedMs, purpose === 'first') : budget
}

/** Shares between classes are those of new jobs that the pool could have served: not what one key asks for too much. */
const isCounted = (job: Job, reason: RejectReason | undefined): boolean =>
  job.purpose === 'first' &&
  job.failures.length === 0 &&
  (reason === undefined || reason === 'deadline' || reason === 'queue-full')

function heldMs({ backends }: PoolState, key: string): number {
  let held = 0
  for (const { leases } of backends) {
    for (const lease of leases) if (lease.key === key) held += lease.predictedMs
  }
  return held
}
