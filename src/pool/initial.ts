/** A pool that has seen nothing yet, but for what it may remember of its backends. */

import { noCrowd } from './crowd.ts'
import type { Health } from './health-states.ts'
import { type ServiceTimes, UNKNOWN_TIMES } from './service-times.ts'
import type { BackendState, PoolMember, PoolState } from './state.ts'
import { NO_RECORD } from './track-record.ts'

/** What outlives a restart: learnt numbers, and what the operator ordered. */
export interface Memory {
  readonly times: ServiceTimes
  readonly health?: Extract<Health, { kind: 'drained' | 'disabled' }>
}

/** @param memories by backend id */
export function emptyPool(
  members: readonly PoolMember[],
  options: { readonly seed: number; readonly now: number; readonly memories?: ReadonlyMap<string, Memory> },
): PoolState {
  const { seed, now, memories } = options
  return {
    backends: members.map((member) => freshBackend(member, memories?.get(member.id), now)),
    lanes: [],
    traffic: { at: now, classes: [], pessimism: 1, askedAt: 0, shortAskedAt: 0 },
    crowd: noCrowd(now),
    // Refilled with the first job.
    budget: { at: 0, retryMs: 0, hedgeMs: 0, retries: 0, freeRetries: 0 },
    nextLeaseId: 1,
    seed,
    startedAt: now,
  }
}

function freshBackend(member: PoolMember, memory: Memory | undefined, now: number): BackendState {
  const { id, models, slots, abortable, scaleToZero, coldStartWaitMs, learnsSlots = false } = member
  return {
    id,
    models,
    slots,
    ...(learnsSlots && { learnsSlots }),
    abortable,
    scaleToZero,
    coldStartWaitMs,
    health: memory?.health ?? { kind: 'usable' },
    cause: null,
    record: NO_RECORD,
    tasks: [],
    times: memory?.times ?? UNKNOWN_TIMES,
    ceilings: [],
    proven: [],
    leases: [],
    // What it remembers is not old because the pool was away.
    lastGrantAt: now,
  }
}
