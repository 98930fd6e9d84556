import type { Backend } from '../backends/backend.ts'
import type { BackendStatus as PoolsView } from '../pool/protocol.ts'
import type { BackendStatus } from './contract.ts'
import { describeHealth } from './reasons.ts'

/** @param seen what its pool says; undefined when the pool does not answer, or has not heard of it yet */
export function reportBackend(backend: Backend, seen: PoolsView | undefined, now: number): BackendStatus {
  const { id, models, kind, slots } = backend
  const configured = { id, models: [...models], kind }
  if (!seen) return { ...configured, ...UNSEEN, slots }
  const { changesInMs = null, cause = null } = seen
  return {
    ...configured,
    state: seen.health,
    reason: describeHealth(seen.health, cause),
    until: changesInMs === null ? null : new Date(now + changesInMs).toISOString(),
    slots: seen.slots,
    leases: seen.leases,
    busyForMs: Math.round(seen.busyForMs),
    speed: seen.speed,
    samples: seen.samples,
    gapMs: seen.gapMs,
  }
}

const UNSEEN = {
  state: 'unknown',
  reason: 'Its pool says nothing of it.',
  until: null,
  leases: 0,
  busyForMs: 0,
  speed: 1,
  samples: 0,
  gapMs: 0,
} as const
