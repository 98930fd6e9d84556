/** What a pool knows. Plain data: numbers, ids and enums, nothing of a request's content. */

export interface PoolState {
  readonly backends: readonly BackendState[]
  readonly leases: readonly Lease[]
  /** Jobs that wait for a slot, in the order they came. */
  readonly queue: readonly Job[]
  readonly nextLeaseId: number
}

export interface BackendState {
  readonly id: string
  readonly models: readonly string[]
  readonly slots: number
  /** Whether a decode ends when its connection does. */
  readonly abortable: boolean
  /** Failures in a row. */
  readonly strikes: number
  readonly pause: Pause | null
  readonly lastGrantAt: number
}

/**
 * - `down`: evidence against it; avoided while there is another, tried when there is none.
 * - `busy`: it asked for time; nothing is sent until then.
 */
export interface Pause {
  readonly kind: 'down' | 'busy'
  readonly until: number
}

/** The right to one slot of a backend. */
export interface Lease {
  readonly id: number
  readonly backendId: string
  readonly predictedMs: number
  readonly grantedAt: number
  /** `draining`: its holder left, but the GPU may still be at it. */
  readonly phase: 'running' | 'draining'
  /** When the slot comes back at the latest, should nobody say so. */
  readonly endsAt: number
}

export interface Job {
  /** Unique per acquire; names the job to whoever waits for it. */
  readonly ticket: string
  readonly model: string
  readonly predictedMs: number
  readonly deadlineAt: number
  /** Backends that have had this request already. */
  readonly exclude: readonly string[]
}

/** What an attempt showed about its backend. */
export type Evidence =
  | { readonly kind: 'served' }
  /** It could not be reached, or broke off before it answered. */
  | { readonly kind: 'hard' }
  /** It was reached and did badly: an error, a hang, a wrong answer. */
  | { readonly kind: 'soft' }
  /** It is gone or refuses us, which only its operator can change. */
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'busy'; readonly retryAfterMs: number }

export type PoolEvent =
  | { readonly kind: 'acquire'; readonly job: Job }
  | { readonly kind: 'cancel'; readonly ticket: string }
  /** The GPU is done with the job. */
  | { readonly kind: 'free'; readonly leaseId: number }
  /** The holder is gone and did not say how far the job came. */
  | { readonly kind: 'abandon'; readonly leaseId: number }
  | {
      readonly kind: 'report'
      readonly backendId: string
      readonly evidence: Evidence
      readonly random: number
    }
  | { readonly kind: 'tick' }

export type PoolAction =
  | { readonly kind: 'grant'; readonly ticket: string; readonly leaseId: number; readonly backendId: string }
  | {
      readonly kind: 'reject'
      readonly ticket: string
      readonly reason: RejectReason
      readonly retryAfterMs: number
    }

/**
 * - `no-backend`: none serves the model
 * - `exhausted`: all that serve it are excluded
 * - `queue-full`, `deadline`: the pool is short
 * - `cancelled`: its caller took it back
 */
export type RejectReason = 'no-backend' | 'exhausted' | 'queue-full' | 'deadline' | 'cancelled'

/** What the configuration says of a backend, as far as the pool cares. */
export type PoolMember = Pick<BackendState, 'id' | 'models' | 'slots' | 'abortable'>

export function emptyPool(backends: readonly PoolMember[]): PoolState {
  return {
    backends: backends.map(({ id, models, slots, abortable }) => ({
      id,
      models,
      slots,
      abortable,
      strikes: 0,
      pause: null,
      lastGrantAt: 0,
    })),
    leases: [],
    queue: [],
    nextLeaseId: 1,
  }
}
