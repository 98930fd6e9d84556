/** What the Worker asks its pools for, and what it gets. */
import type { Ambient } from '../lib/ambient.ts'
import type { Signal } from '../lib/signal.ts'
import type { PoolStub } from './call.ts'
import type { RejectReason } from './events.ts'
import type { Lease } from './lease.ts'
import type { LocalView, ReachabilityEvent } from './local-view.ts'
import type { Membership, PoolRef } from './membership.ts'
import type { AcquireRequest } from './protocol.ts'
import type { Shard } from './shards.ts'

/** The ticket names the request: asking again under it, after whatever loss, is no second job. */
export type SlotRequest = Omit<AcquireRequest, 'v'>

export interface SlotRefusal {
  readonly ok: false
  readonly reason: RejectReason | 'unreachable'
  readonly retryAfterMs: number
}

export type SlotAnswer = { readonly ok: true; readonly lease: Lease } | SlotRefusal

/** No time is left to find out more. */
export const UNREACHABLE: SlotRefusal = { ok: false, reason: 'unreachable', retryAfterMs: 1_000 }

export interface PoolClientParts {
  /** Makes a new stub each time: one that has seen its object reset throws forever. */
  readonly stubOf: (pool: PoolRef) => PoolStub
  readonly membership: Membership
  readonly shards: ReadonlyMap<string, Shard>
  /** Where the client is, as far as the platform says. */
  readonly continent: string | undefined
  /** Outlives the request. */
  readonly view: LocalView
  readonly ambient: Ambient
  readonly emit: (event: ReachabilityEvent) => void
  /** Keeps the request's context alive for a call that nobody waits for. */
  readonly defer: (task: Promise<unknown>) => void
}

/** A lease is counted for so long after its request's deadline, if nobody says that it ended. */
const LEASE_GRACE_MS = 5_000

/** Counts a lease in this isolate's view until it ends, or until the runtime drops the context of its holder. */
export function enter(
  { view, ambient }: PoolClientParts,
  backendId: string,
  remainingMs: number,
  calledOff: Signal,
): () => void {
  const leave = view.enter(backendId, ambient.now() + remainingMs + LEASE_GRACE_MS)
  calledOff.addEventListener('abort', leave)
  return () => {
    calledOff.removeEventListener('abort', leave)
    leave()
  }
}
