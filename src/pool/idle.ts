/** Backends that have nothing to do: where the parts of a batch may go. */
import { leaseOf } from './leases.ts'
import { estimateFor, isAble } from './selection.ts'
import type { BackendState, Job, PoolState } from './state.ts'
import { healthFor, pausedUntil, taskOf } from './task-health.ts'

/** Those with a free slot that could begin with the job now. Who is on trial is left to single jobs. */
export const idleFor = (
  backends: readonly BackendState[],
  job: Pick<Job, 'key' | 'model' | 'predictedMs' | 'exclude'>,
  now: number,
): readonly BackendState[] =>
  backends.filter(
    (backend) =>
      healthFor(backend, job.model).kind === 'usable' &&
      taskOf(backend, job.model).suspicion === null &&
      pausedUntil(backend, job.model) <= now &&
      backend.leases.length < backend.slots &&
      isAble(backend, job, now),
  )

/**
 * Ids of the backends beside the one that was just granted which stand idle, the quickest first; none while anybody
 * waits. Slots are not counted: a backend with several decodes one batch in them as fast as many parts of it.
 */
export function idleBeside(
  { backends, lanes }: PoolState,
  granted: { readonly backendId: string; readonly leaseId: number },
  now: number,
): readonly string[] {
  const own = backends.find(({ id }) => id === granted.backendId)
  const lease = own && leaseOf(own, granted.leaseId)
  if (!lease || lanes.length > 0) return []
  const { key, model, predictedMs } = lease
  return idleFor(backends, { key, model, predictedMs, exclude: [granted.backendId] }, now)
    .map((backend) => ({ ...backend, meanMs: estimateFor(backend, lease).meanMs }))
    .toSorted((a, b) => a.leases.length - b.leases.length || a.meanMs - b.meanMs)
    .map(({ id }) => id)
}
