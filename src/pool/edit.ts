/** Small changes of a state. */
import { draw } from './chance.ts'
import type { PoolAction, RejectReason } from './events.ts'
import type { BackendState, Job, PoolState } from './state.ts'

export type Step = readonly [state: PoolState, actions: readonly PoolAction[]]

export function onBackend(
  state: PoolState,
  id: string,
  change: (backend: BackendState) => BackendState,
): PoolState {
  const at = state.backends.findIndex((backend) => backend.id === id)
  const backend = state.backends[at]
  if (!backend) return state
  const changed = change(backend)
  return changed === backend ? state : { ...state, backends: state.backends.with(at, changed) }
}

export const slotsOf = ({ backends }: PoolState): number =>
  backends.reduce((sum, { slots }) => sum + slots, 0)

export function reject(state: PoolState, job: Job, reason: RejectReason, waitMs: number): Step {
  const [random, seed] = draw(state.seed)
  // Never earlier than the estimate by much, and spread so that those refused together come back apart.
  const retryAfterMs = reason === 'cancelled' ? 0 : Math.max(1_000, waitMs) * (0.9 + 0.4 * random)
  return [{ ...state, seed }, [{ kind: 'reject', ticket: job.ticket, reason, retryAfterMs }]]
}
