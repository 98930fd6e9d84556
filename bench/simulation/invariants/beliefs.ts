/** What the pool believes of its backends, and what speaks against them: all that promises look at of how it estimates. */
import type { Health, TaskHealth } from '../../../src/pool/health-states.ts'
import { estimate, isLearnt } from '../../../src/pool/service-times.ts'
import type { BackendState, Job, TaskRecord } from '../../../src/pool/state.ts'

type Sized = Pick<Job, 'model' | 'predictedMs'>

/** From a grant to the end of the decode, as the pool expects it. */
export const expectedMs = ({ times }: BackendState, { model, predictedMs }: Sized): number =>
  times.deadMs + estimate(times, model, predictedMs).meanMs

/** Whether that comes from enough decodes of this size. */
export const isLearntFor = ({ times }: BackendState, { model, predictedMs }: Sized): boolean =>
  isLearnt(estimate(times, model, predictedMs))

const recordOf = ({ tasks }: BackendState, model: string): TaskRecord | undefined =>
  tasks.find(({ task }) => task === model)

/** How a backend is for jobs of a model: as it is itself, unless only this model is out. */
export function healthFor(backend: BackendState, model: string): Health | TaskHealth {
  const { health } = backend
  const own = recordOf(backend, model)?.health
  return isServing(health) && own && own.kind !== 'usable' ? own : health
}

export const isServing = ({ kind }: { readonly kind: (Health | TaskHealth)['kind'] }): boolean =>
  kind === 'usable' || kind === 'slow-start'

/** Until when it asked not to get jobs of this model. */
export const pausedUntil = (backend: BackendState, model: string): number =>
  recordOf(backend, model)?.pausedUntil ?? 0

/** For so long after a failure a backend may be passed over though it is idle. */
const DISTRUST_MS = 10_000

/** Nothing speaks against it, for jobs of this size. */
export function isBeyondDoubt(backend: BackendState, job: Sized, now: number): boolean {
  const own = recordOf(backend, job.model)
  const failedAt = Math.max(backend.record.failedAt, own?.record.failedAt ?? 0)
  return (
    healthFor(backend, job.model).kind === 'usable' &&
    (own?.suspicion ?? null) === null &&
    pausedUntil(backend, job.model) <= now &&
    now - failedAt > DISTRUST_MS &&
    isLearntFor(backend, job)
  )
}
