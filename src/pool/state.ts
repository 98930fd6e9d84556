/** What a pool knows. Plain data: numbers, ids and enums, nothing of a request's content. */
import type { Cause, Health } from './health-states.ts'

export interface PoolState {
  readonly backends: readonly BackendState[]
  /** Jobs that wait, in the order of the ring. */
  readonly lanes: readonly Lane[]
  readonly traffic: Traffic
  readonly budget: Budget
  readonly nextLeaseId: number
  /** Of the pool's own generator, so that chance is part of the state. */
  readonly seed: number
  /** When the pool began: after a restart what ran before is unknown for a moment. */
  readonly startedAt: number
}

/** What the configuration says of a backend, as far as the pool cares. */
export interface PoolMember {
  readonly id: string
  /** Its tasks: ids of models for decodes, `id:encode` for encodes. */
  readonly models: readonly string[]
  /** Decodes it runs at a time. */
  readonly slots: number
  /** Its answers may say that it runs more than that, in batches. */
  readonly learnsSlots?: boolean
  /** Whether a decode ends when its connection does. */
  readonly abortable: boolean
  /** It may be asleep: out of reach or 503 then means starting, not broken. */
  readonly scaleToZero: boolean
}

export interface BackendState extends PoolMember {
  readonly health: Health
  /** What took it out last; null when nothing has, or the operator has had his say since. */
  readonly cause: Cause | null
  /** It asked for time (429, 503): nothing is sent before then. */
  readonly busyUntil: number
  readonly record: TrackRecord
  readonly pace: Pace
  /** Sizes that it ran out of memory for. */
  readonly ceilings: readonly Ceiling[]
  /** The largest it has decoded, per model. */
  readonly proven: readonly { readonly model: string; readonly predictedMs: number }[]
  readonly leases: readonly Lease[]
  readonly lastGrantAt: number
}

/** Evidence for and against a backend. */
export interface TrackRecord {
  /** In a row. */
  readonly hard: number
  readonly soft: number
  /** Outcomes of the last half minute, in buckets of three seconds. */
  readonly buckets: readonly { readonly at: number; readonly good: number; readonly bad: number }[]
  /** How often it was taken out, halved for each minute of health; and when that was last true. */
  readonly relapses: number
  readonly relapsedAt: number
  /** Latest failure, whose penalty fades; 0: none. */
  readonly failedAt: number
}

/** Learnt numbers; all that is worth keeping over a restart. */
export interface Pace {
  /** Actual over predicted decode time, smoothed. */
  readonly speed: number
  /** How far actual times are from expected ones, as a smoothed |ln| of their ratio. */
  readonly spread: number
  /** Decodes that these were learnt from. */
  readonly samples: number
  /** Time between a grant and the first byte of the job at the backend: the GPU waits that long. */
  readonly gapMs: number
  /** From asleep to ready. */
  readonly coldStartMs: number
}

/** A job of this model must be predicted below this, until then. */
export interface Ceiling {
  readonly model: string
  readonly predictedMs: number
  readonly until: number
  /** How often it happened to sizes that were decoded before. */
  readonly times: number
}

/** The right to one place on a backend. */
export interface Lease {
  readonly id: number
  /** Of whoever asked; empty when nobody knows any more. */
  readonly key: string
  readonly model: string
  /** Of the model on a backend of speed 1. */
  readonly predictedMs: number
  readonly grantedAt: number
  /**
   * - `staged`: it waits on the backend for the one before it
   * - `running`
   * - `draining`: its holder left, but the GPU may still be at it
   */
  readonly phase: 'staged' | 'running' | 'draining'
  /** When its decode starts and ends by prediction; exact once it runs. */
  readonly startsAt: number
  readonly endsAt: number
  /** When it ends whatever its holder says. */
  readonly expiresAt: number
  /** A hedge of a request that has a lease already. */
  readonly isHedge: boolean
  /** Its job has failed before: it may be what its backend dies of, so nothing is staged behind it. */
  readonly isRetry: boolean
}

/** The waiting jobs of one key, the short or the long ones. */
export interface Lane {
  readonly key: string
  readonly isLong: boolean
  /** Decode time it may take before its turn is over, in milliseconds. */
  readonly deficitMs: number
  readonly jobs: readonly Job[]
}

export interface Job {
  /** Unique per request; names the job to whoever waits for it. */
  readonly ticket: string
  /** Id of the API key, or whatever else stands for whoever pays. */
  readonly key: string
  readonly model: string
  readonly predictedMs: number
  readonly enqueuedAt: number
  readonly deadlineAt: number
  /** Backends that shall not get it. */
  readonly exclude: readonly string[]
  /** Failures of earlier attempts, in order. */
  readonly failures: readonly { readonly backendId: string; readonly signature: Signature }[]
  /**
   * - `first` attempt
   * - `retry`
   * - `hedge`: a second copy, granted at once or not at all
   * - `part` of a batch that has its turn already, granted at once or not at all
   */
  readonly purpose: 'first' | 'retry' | 'hedge' | 'part'
}

/** How an attempt failed, as far as the pool tells failures apart. */
export type Signature =
  | 'unreachable'
  | 'crash'
  | 'hang'
  | 'error'
  | 'truncated'
  | 'invalid'
  | 'rejected'
  | 'other'

/** Offered and admitted work per class of cost, fading. */
export interface Traffic {
  readonly at: number
  readonly classes: readonly { readonly offeredMs: number; readonly admittedMs: number }[]
  /** How much longer jobs turned out to wait than they were told; 1: no longer. */
  readonly pessimism: number
  /** When a job was last asked for, and a short one. */
  readonly askedAt: number
  readonly shortAskedAt: number
}

/** Decode time that may be spent on top of what is asked for. */
export interface Budget {
  readonly at: number
  readonly retryMs: number
  readonly hedgeMs: number
  /** Retries that are always allowed, refilled with time. */
  readonly retries: number
  /** Retries that cost no decode, which are bounded by number. */
  readonly freeRetries: number
}
