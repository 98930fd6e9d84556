/** What the Worker and a pool's object say to each other. Both sides may be one release apart. */

import type { KeysUse } from '../telemetry/busiest-keys.ts'
import type { Tally } from '../telemetry/counts.ts'
import type { Reading } from '../telemetry/exposition.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import type { Evidence, OperatorOrder, ProbeResult, RejectReason } from './events.ts'
import type { Cause, Health, TaskHealth } from './health-states.ts'
import type { Job } from './state.ts'

/** The release of these messages; each side understands its own and the one before. */
export const PROTOCOL_VERSION = 3

export interface AcquireRequest
  extends Pick<Job, 'ticket' | 'key' | 'model' | 'predictedMs' | 'exclude' | 'failures' | 'purpose'> {
  readonly v: number
  /** Time left, not a moment: clocks of two machines differ. */
  readonly remainingMs: number
  /** The client set no deadline, so the job may wait longer than that for a backend that sleeps. */
  readonly waitsForStart?: boolean
  /** Milliseconds since 1970 as the caller sees it; the release before does not say. */
  readonly wall?: number
}

/** Times of one attempt as its holder measured them, in milliseconds. */
export interface Timings {
  /** From sending the request to the backend's headers. */
  readonly attemptMs?: number
  /** What the backend says the decode took. */
  readonly computeMs?: number
  /** How many decodes the backend says it can run in one batch. */
  readonly capacity?: number
  /** Whether a decode was done at all. */
  readonly decoded: boolean
}

/** A slot, held until freed, disposed, or until its holder's execution context ends. */
export interface LeaseHandle {
  /** The GPU is done with this job; the slot goes to the next. */
  free(timings: Timings): void
  /** What the attempt showed about the backend. May come after `free`, when the body has ended. */
  report(evidence: Evidence): void
  /** It is still decoding: the lease lasts longer. Costs nothing, the session is open anyway. */
  renew(): void
  /** The job turned out to be another one: a part of a batch. The release before knows only whole ones. */
  resize(predictedMs: number): void
}

export interface Grant<Handle = LeaseHandle> {
  readonly ok: true
  readonly v: number
  /** Of the object's life that granted it. */
  readonly epoch: string
  readonly backendId: string
  /** Until the backend gets to this job. */
  readonly startsInMs: number
  /** Decode time to be expected on this backend. */
  readonly expectedMs: number
  /** The pool has no doubts about the backend, so that a good answer need not be reported. */
  readonly isTrusted?: boolean
  /** The job waited for a backend to start, so its time begins now. The release before does not say. */
  readonly waitedForStart?: boolean
  /** How far decodes are from that, as a smoothed mean. The release before does not say. */
  readonly deviationMs?: number
  /** Whether that is learnt, or a guess. */
  readonly isLearnt: boolean
  /** Until a job that came now would start. */
  readonly poolWaitMs: number
  /** Backends beside it that could begin with as much at once, the quickest first. The release before does not say. */
  readonly idle?: readonly string[]
  readonly lease: Handle
}

export interface Refusal {
  readonly ok: false
  readonly v: number
  readonly reason: RejectReason
  readonly retryAfterMs: number
  /** Until a job that came now would start. */
  readonly poolWaitMs: number
}

export type AcquireAnswer<Handle = LeaseHandle> = Grant<Handle> | Refusal

/** A decode that was granted by a former life of the object and still runs. */
export interface AdoptRequest {
  readonly v: number
  readonly backendId: string
  readonly predictedMs: number
  readonly elapsedMs: number
}

/** A backend as the pool sees it now. */
export interface BackendStatus {
  readonly id: string
  readonly slots: number
  readonly leases: number
  readonly health: (Health | TaskHealth)['kind']
  readonly busyForMs: number
  readonly speed: number
  readonly samples: number
  readonly gapMs: number
  /** What took it out; null for nothing. The release before does not say. */
  readonly cause?: Cause | null
  /** Until its state changes by itself; null when that is not known. The release before does not say. */
  readonly changesInMs?: number | null
}

export interface PoolStatus {
  readonly epoch: string
  readonly queued: number
  /** Until a job that came now would start. The release before does not say. */
  readonly waitMs?: number
  readonly backends: readonly BackendStatus[]
}

/** What a pool says of itself and of what Workers have told it. */
export interface PoolMetrics {
  /** When the object began, and with it all counts; milliseconds since 1970. */
  readonly startedAt: number
  readonly gauges: readonly Reading[]
  readonly counts: Tally
  readonly keys: KeysUse
}

/**
 * The object as its callers see it.
 *
 * `acquire` waits in the queue. `ping` answers at once, so that a caller can tell a long queue from a dead object.
 */
export interface PoolService<Handle = LeaseHandle> {
  acquire(request: AcquireRequest): Promise<AcquireAnswer<Handle>>
  cancel(ticket: string): void
  ping(): string
  adopt(request: AdoptRequest): Handle | null
  /** Takes effect with the next grant, and is kept before this answers. */
  operate(backendId: string, order: OperatorOrder): Promise<void>
  /** Looks at a backend now: what was found, or null when there is no such backend or a job is about to tell. */
  examine(backendId: string): Promise<ProbeResult | null>
  status(): PoolStatus
  /** Takes what a Worker has counted since it last told. */
  count(recorded: Recorded): void
  metrics(): PoolMetrics
}
