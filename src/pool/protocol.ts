/** What the Worker and a pool's object say to each other. Both sides may be one release apart. */
import type { Evidence, RejectReason } from './state.ts'

export interface AcquireRequest {
  readonly v: 1
  readonly ticket: string
  readonly model: string
  readonly predictedMs: number
  /** Time left, not a moment: clocks of two machines differ. */
  readonly remainingMs: number
  readonly exclude: readonly string[]
}

/** A slot, held until freed, disposed, or until its holder's execution context ends. */
export interface LeaseHandle {
  /** The GPU is done with this job; the slot goes to the next. */
  free(): void
  /** What the attempt showed about the backend. May come after `free`, when the body has ended. */
  report(evidence: Evidence): void
}

export type AcquireAnswer<Handle = LeaseHandle> =
  | { readonly ok: true; readonly backendId: string; readonly lease: Handle }
  | { readonly ok: false; readonly reason: RejectReason; readonly retryAfterMs: number }

/** A backend as the pool sees it now. */
export interface BackendStatus {
  readonly id: string
  readonly slots: number
  readonly leases: number
  readonly pausedForMs: number
}

export interface PoolStatus {
  readonly queued: number
  readonly backends: readonly BackendStatus[]
}
