/** What was learnt of a backend comes in. */
import { lowerCeiling } from './ceilings.ts'
import { draw } from './chance.ts'
import { onBackend } from './edit.ts'
import type { Evidence, PoolEvent } from './events.ts'
import { learn } from './health.ts'
import { isServing } from './health-states.ts'
import { leaseOf } from './leases.ts'
import type { BackendState, PoolState } from './state.ts'

/** Below this share of backends that serve, none is taken out on suspicion. */
const EJECTABLE_SHARE = 0.5

export function report(
  state: PoolState,
  { backendId, leaseId, evidence }: PoolEvent & { kind: 'report' },
  now: number,
): PoolState {
  const reported = state.backends.find(({ id }) => id === backendId)
  if (!reported || isExcused(reported, leaseId, evidence)) return state
  if (evidence.kind === 'out-of-memory') {
    return onBackend(state, backendId, (backend) => lowerCeiling(backend, evidence, now))
  }
  // The usual case, which needs neither chance nor a look at the others.
  const needsChance = evidence.kind !== 'served' && evidence.kind !== 'cold'
  const [random, seed] = needsChance ? draw(state.seed) : [0, state.seed]
  const circumstances = { random, mayEject: needsChance && mayEject(state, backendId), now }
  return { ...onBackend(state, backendId, (backend) => learn(backend, evidence, circumstances)), seed }
}

/** A decode that was not begun in time was late for the one before it, of which its own holder has to tell. */
const isExcused = (backend: BackendState, leaseId: number, evidence: Evidence): boolean =>
  evidence.kind === 'soft' && evidence.isTimeout === true && leaseOf(backend, leaseId)?.phase === 'staged'

/** A backend is taken out on suspicion only while others serve its models, and at most half of all are out. */
export function mayEject({ backends }: PoolState, id: string): boolean {
  const own = backends.find((backend) => backend.id === id)
  const others = backends.filter((backend) => backend.id !== id && isServing(backend.health))
  const isCovered = own?.models.every((model) => others.some(({ models }) => models.includes(model))) ?? false
  const enabled = backends.filter(({ health }) => health.kind !== 'drained' && health.kind !== 'disabled')
  return isCovered && others.length >= EJECTABLE_SHARE * enabled.length
}
