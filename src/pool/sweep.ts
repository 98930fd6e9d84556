/** What time does by itself: states that are over, leases nobody gave back, jobs that cannot be served any more. */

import { groupsOf } from './by-size.ts'
import { onBackend, reject, type Step } from './edit.ts'
import type { PoolAction } from './events.ts'
import { changesAt, elapse } from './health.ts'
import { withoutJobs } from './lanes.ts'
import { expire } from './leases.ts'
import { accused } from './report.ts'
import { lastCalls } from './selection.ts'
import { outOfService, type Refusal, stillAsleep, waitForStart } from './service.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { elapseTask } from './task-health.ts'
import { disappointed } from './traffic.ts'

/** A pool that could not serve a job in all its time is short of more than a moment. */
const LATE_RETRY_MS = 2_000

/** What time alone does to backends and their leases. */
export function elapseAll(before: PoolState, now: number): PoolState {
  let state = before
  for (const due of before.backends) {
    // Most of the time there is nothing to do.
    if (!isDue(due, now)) continue
    const { backend, lost } = expire(elapse(due, now), now)
    state = onBackend(state, due.id, () => ({
      ...backend,
      tasks: backend.tasks.map((task) => elapseTask(task, now)),
    }))
    for (const { model } of lost) {
      if (model !== '') state = accused(state, due.id, { kind: 'soft', model }, now)
    }
  }
  return state
}

const isDue = ({ leases, health, tasks }: BackendState, now: number): boolean =>
  leases.some(({ expiresAt }) => expiresAt <= now) ||
  changesAt(health) <= now ||
  tasks.some((task) => changesAt(task.health) <= now)

/** Jobs whose time is over, and those that all backends have gone away from. */
export function rejectStranded(state: PoolState, now: number): Step {
  if (state.lanes.length === 0) return [state, []]
  const isAnyOut = state.backends.some(
    ({ health, ceilings }) => health.kind !== 'usable' || ceilings.length > 0,
  )
  const waiting = isAnyOut ? withPatience(state, now) : state
  const lastCallAt = lastCalls(state.backends)
  const reasonToLeave = (job: Job): Refusal | undefined => {
    if (lastCallAt(job, job.deadlineAt) <= now) {
      return (
        (isAnyOut && stillAsleep(state.backends, job, now)) || { reason: 'deadline', waitMs: LATE_RETRY_MS }
      )
    }
    return isAnyOut ? outOfService(state.backends, job, now) : undefined
  }
  const actions: PoolAction[] = []
  const gone = new Set<string>()
  let current = waiting
  for (const { jobs } of waiting.lanes) {
    if (!isAnyOut && groupsOf(jobs).every((group) => lastCallAt(group, group.firstDeadlineAt) > now)) continue
    for (const job of jobs) {
      const refusal = reasonToLeave(job)
      if (!refusal) continue
      gone.add(job.ticket)
      const [next, rejected] = reject(current, job, refusal.reason, refusal.waitMs)
      current = refusal.reason === 'deadline' ? { ...next, traffic: disappointed(next.traffic) } : next
      actions.push(...rejected)
    }
  }
  if (gone.size === 0) return [waiting, []]
  return [{ ...current, lanes: withoutJobs(waiting.lanes, ({ ticket }) => gone.has(ticket)) }, actions]
}

/** Jobs that came while a backend served, which has fallen asleep since, wait for it as those do that come now. */
function withPatience(state: PoolState, now: number): PoolState {
  const isMeant = (job: Job): boolean => job.waitsForStart === true && !job.hasWaitedForStart
  if (!state.lanes.some(({ jobs }) => jobs.some(isMeant))) return state
  const patient = (job: Job): Job => (isMeant(job) ? waitForStart(state.backends, job, now) : job)
  return { ...state, lanes: state.lanes.map((lane) => ({ ...lane, jobs: lane.jobs.map(patient) })) }
}
