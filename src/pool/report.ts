/** What was learnt of a backend comes in. */
import { lowerCeiling } from './ceilings.ts'
import { draw } from './chance.ts'
import { onBackend } from './edit.ts'
import type { Accusation, Evidence, PoolEvent } from './events.ts'
import { asleep, reached, unreachable } from './health.ts'
import { isServing } from './health-states.ts'
import { leaseOf } from './leases.ts'
import type { BackendState, PoolState } from './state.ts'
import { accuse, confirm, healthFor, onTask, served } from './task-health.ts'
import { EJECTABLE_SHARE } from './tuning.ts'

export function report(
  state: PoolState,
  { backendId, leaseId, evidence }: PoolEvent & { kind: 'report' },
  now: number,
): PoolState {
  const reported = state.backends.find(({ id }) => id === backendId)
  if (!reported || isExcused(reported, leaseId, evidence)) return state
  switch (evidence.kind) {
    case 'served': {
      const good = onBackend(state, backendId, (backend) =>
        onTask(reached(backend, now), evidence.model, (task) => served(task, now)),
      )
      const { model, instead = [], outOfMemory: tooLarge } = evidence
      const lowered = (tooLarge?.backendIds ?? []).reduce(
        (before, id) =>
          onBackend(before, id, (backend) =>
            lowerCeiling(backend, { model, predictedMs: tooLarge?.predictedMs ?? 0 }, null, now),
          ),
        good,
      )
      return instead.reduce((before, id) => confirmed(before, id, model, now), lowered)
    }
    case 'cold':
      return onBackend(state, backendId, (backend) => asleep(backend, now))
    case 'out-of-memory': {
      const key = leaseOf(reported, leaseId)?.key
      if (key === undefined) return state
      return onBackend(state, backendId, (backend) => lowerCeiling(backend, evidence, key, now))
    }
    case 'unreachable': {
      const [random, seed] = draw(state.seed)
      return { ...onBackend(state, backendId, (backend) => unreachable(backend, false, random, now)), seed }
    }
    case 'hard':
    case 'soft':
    case 'misconfigured':
    case 'busy':
      return accused(state, backendId, evidence, now)
  }
}

export function accused(state: PoolState, backendId: string, evidence: Accusation, now: number): PoolState {
  return onBackend(state, backendId, (backend) =>
    onTask(backend, evidence.model, (task) => accuse(task, evidence, now)),
  )
}

function confirmed(state: PoolState, backendId: string, model: string, now: number): PoolState {
  const [random, seed] = draw(state.seed)
  const isAllowed = mayEject(state, backendId, model)
  const change = (backend: BackendState): BackendState =>
    onTask(backend, model, (task) => confirm(task, isAllowed, random, now))
  return { ...onBackend(state, backendId, change), seed }
}

/** A decode that was not begun in time was late for the one before it, of which its own holder has to tell. */
const isExcused = (backend: BackendState, leaseId: number, evidence: Evidence): boolean =>
  evidence.kind === 'soft' && evidence.isTimeout === true && leaseOf(backend, leaseId)?.phase === 'staged'

/** A task is taken out for requests that others served only while half of those that serve it stay. */
function mayEject({ backends }: PoolState, id: string, model: string): boolean {
  const own = backends.filter(
    ({ models, health }) => models.includes(model) && health.kind !== 'drained' && health.kind !== 'disabled',
  )
  const others = own.filter((backend) => backend.id !== id && isServing(healthFor(backend, model)))
  return others.length > 0 && others.length >= EJECTABLE_SHARE * own.length
}
