/** What the operator may order. */
import type { PoolEvent } from './events.ts'
import type { BackendState } from './state.ts'

export function operate(
  backend: BackendState,
  order: Extract<PoolEvent, { kind: 'operate' }>['order'],
  now: number,
): BackendState {
  switch (order) {
    case 'drain':
      return { ...backend, health: { kind: 'drained' } }
    case 'disable':
      return { ...backend, health: { kind: 'disabled' } }
    case 'enable':
      // Nobody knows what was done to it meanwhile, so it shows first what it can.
      return { ...backend, busyUntil: 0, health: { kind: 'half-open', isProbing: false } }
    case 'probe':
      return backend.health.kind === 'down'
        ? { ...backend, health: { ...backend.health, probeAt: now } }
        : backend
  }
}
