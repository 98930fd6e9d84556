/** A pool that has seen nothing yet, but for what it may remember of its backends. */
import type { Health } from './health-states.ts'
import type { BackendState, Pace, PoolMember, PoolState } from './state.ts'

/** A backend nobody has measured. */
export const UNKNOWN_PACE: Pace = { speed: 1, spread: 0, samples: 0, gapMs: 60, coldStartMs: 120_000 }

/** What outlives a restart: learnt numbers, and what the operator ordered. */
export interface Memory {
  readonly pace: Pace
  readonly health?: Extract<Health, { kind: 'drained' | 'disabled' }>
}

/** @param memories by backend id */
export function emptyPool(
  members: readonly PoolMember[],
  options: { readonly seed: number; readonly now: number; readonly memories?: ReadonlyMap<string, Memory> },
): PoolState {
  const { seed, now, memories } = options
  return {
    backends: members.map((member) => freshBackend(member, memories?.get(member.id))),
    lanes: [],
    traffic: { at: now, classes: [], pessimism: 1, askedAt: 0, shortAskedAt: 0 },
    // Refilled with the first job.
    budget: { at: 0, retryMs: 0, hedgeMs: 0, retries: 0, freeRetries: 0 },
    nextLeaseId: 1,
    seed,
    startedAt: now,
  }
}

function freshBackend(member: PoolMember, memory: Memory | undefined): BackendState {
  const { id, models, slots, abortable, scaleToZero, learnsSlots = false } = member
  return {
    id,
    models,
    slots,
    ...(learnsSlots && { learnsSlots }),
    abortable,
    scaleToZero,
    health: memory?.health ?? { kind: 'usable' },
    cause: null,
    busyUntil: 0,
    record: { hard: 0, soft: 0, buckets: [], relapses: 0, relapsedAt: 0, failedAt: 0 },
    pace: memory?.pace ?? UNKNOWN_PACE,
    ceilings: [],
    proven: [],
    leases: [],
    lastGrantAt: 0,
  }
}
