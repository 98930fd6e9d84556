/** What time does by itself: states that are over, leases nobody gave back, jobs that cannot be served any more. */

import { onBackend, reject, type Step } from './edit.ts'
import type { PoolAction } from './events.ts'
import { changesAt, elapse, learn } from './health.ts'
import { withoutJobs } from './lanes.ts'
import { expire } from './leases.ts'
import { mayEject } from './report.ts'
import { lastCalls } from './selection.ts'
import { outOfService, type Refusal } from './service.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { disappointed } from './traffic.ts'

/** A pool that could not serve a job in all its time is short of more than a moment. */
const LATE_RETRY_MS = 2_000

/** What time alone does to backends and their leases. */
export function elapseAll(before: PoolState, now: number): PoolState {
  let state = before
  for (const due of before.backends) {
    // Most of the time there is nothing to do.
    if (!isDue(due, now)) continue
    const { backend, isSuspect } = expire(elapse(due, now), now)
    // Whether one may be taken out depends on those that were just now.
    const circumstances = { random: 0.5, mayEject: mayEject(state, due.id), now }
    const after = isSuspect ? learn(backend, { kind: 'soft' }, circumstances) : backend
    state = onBackend(state, due.id, () => after)
  }
  return state
}

const isDue = ({ leases, health }: BackendState, now: number): boolean =>
  leases.some(({ expiresAt }) => expiresAt <= now) || changesAt(health) <= now

/** Jobs whose time is over, and those that all backends have gone away from. */
export function rejectStranded(state: PoolState, now: number): Step {
  if (state.lanes.length === 0) return [state, []]
  const isAnyOut = state.backends.some(
    ({ health, ceilings }) => health.kind !== 'usable' || ceilings.length > 0,
  )
  const lastCallAt = lastCalls(state.backends)
  const reasonToLeave = (job: Job): Refusal | undefined => {
    if (lastCallAt(job) <= now) return { reason: 'deadline', waitMs: LATE_RETRY_MS }
    return isAnyOut ? outOfService(state.backends, job, now) : undefined
  }
  const actions: PoolAction[] = []
  let current = state
  for (const { jobs } of state.lanes) {
    for (const job of jobs) {
      const refusal = reasonToLeave(job)
      if (!refusal) continue
      const lanes = withoutJobs(current.lanes, ({ ticket }) => ticket === job.ticket)
      const [next, rejected] = reject({ ...current, lanes }, job, refusal.reason, refusal.waitMs)
      current = refusal.reason === 'deadline' ? { ...next, traffic: disappointed(next.traffic) } : next
      actions.push(...rejected)
    }
  }
  return [current, actions]
}
