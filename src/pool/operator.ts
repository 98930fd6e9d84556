/** What the operator may order; that a backend be looked at is in `probing.ts`. */
import type { OperatorOrder } from './events.ts'
import type { BackendState } from './state.ts'

export function operate(backend: BackendState, order: Exclude<OperatorOrder, 'probe'>): BackendState {
  switch (order) {
    case 'drain':
      return { ...backend, cause: null, health: { kind: 'drained' } }
    case 'disable':
      return { ...backend, cause: null, health: { kind: 'disabled' } }
    case 'enable':
      // What was held against its tasks is forgotten: the operator may have mended it.
      return enable({ ...backend, tasks: [] })
  }
}

/** Who serves, or is being tried at this moment, goes on with that. */
function enable(backend: BackendState): BackendState {
  switch (backend.health.kind) {
    case 'usable':
    case 'slow-start':
    case 'half-open':
      return backend
    // Nobody knows what was done to it meanwhile, so it shows first what it can.
    case 'down':
    case 'cold':
    case 'drained':
    case 'disabled':
      return { ...backend, health: { kind: 'half-open', isProbing: false } }
  }
}
