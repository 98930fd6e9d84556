/** What a pool knows. Plain data: numbers, ids and enums, nothing of a request's content. */
import type { Crowd } from './crowd.ts'
import type { Cause, Health, TaskHealth } from './health-states.ts'
import type { ServiceTimes } from './service-times.ts'

export interface PoolState {
  readonly backends: readonly BackendState[]
  /** Jobs that wait, in the order of the ring. */
  readonly lanes: readonly Lane[]
  readonly traffic: Traffic
  /** How many jobs were here of late, running and waiting. */
  readonly crowd: Crowd
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
  /** How long a job without a deadline of its own waits for it to wake up. */
  readonly coldStartWaitMs: number
}

export interface BackendState extends PoolMember {
  readonly health: Health
  /** What took it out last; null when nothing has, or the operator has had his say since. */
  readonly cause: Cause | null
  /** Evidence about the backend as a whole: whether it can be reached. */
  readonly record: TrackRecord
  /** Evidence about single tasks; a task without an entry has shown nothing yet. */
  readonly tasks: readonly TaskRecord[]
  readonly times: ServiceTimes
  /** Sizes that it ran out of memory for. */
  readonly ceilings: readonly Ceiling[]
  /** The largest it has decoded, per model. */
  readonly proven: readonly { readonly model: string; readonly predictedMs: number }[]
  readonly leases: readonly Lease[]
  readonly lastGrantAt: number
}

/** Evidence for and against a backend, or one of its tasks. */
export interface TrackRecord {
  /** Failures in a row: of connections, or of requests which may be at fault themselves. */
  readonly hard: number
  /** Failures in a row of requests that another backend then served. */
  readonly soft: number
  /** Outcomes of the last half minute, in buckets of three seconds; bad ones where another backend served. */
  readonly buckets: readonly { readonly at: number; readonly good: number; readonly bad: number }[]
  /** How often it was taken out, halved for each minute of health; and when that was last true. */
  readonly relapses: number
  readonly relapsedAt: number
  /** Latest failure, whose penalty fades; 0: none. */
  readonly failedAt: number
}

/** How a backend does at one task. What one task shows says nothing of the others. */
export interface TaskRecord {
  readonly task: string
  readonly health: TaskHealth
  /** What took the task out last. */
  readonly cause: Cause | null
  readonly record: TrackRecord
  /** The backend asked for time: no job of this task is sent before then. */
  readonly pausedUntil: number
  readonly suspicion: Suspicion | null
  /** When a probe last cleared the backend, and how often in a row: each time it is believed for longer. */
  readonly clearedAt: number
  readonly cleared: number
}

/** A request accused the backend. It may be the request's fault, so a decode of our own finds out. */
export interface Suspicion {
  readonly since: number
  readonly cause: Cause
  /** What is to happen if the accusation is true: how long the backend is left alone. */
  readonly pauseMs: number
  readonly isProbing: boolean
}

/** A job of this model must be predicted below this, until then. */
export interface Ceiling {
  /** Whose jobs; null for all. */
  readonly key: string | null
  readonly model: string
  readonly predictedMs: number
  readonly until: number
  /** How often it happened since such a size was decoded. */
  readonly times: number
}

/** The right to one place on a backend. */
export interface Lease {
  readonly id: number
  /** Of whoever asked; empty when nobody knows any more. */
  readonly key: string
  readonly model: string
  /** Size of the job: what the catalogue's cost model says of it. */
  readonly predictedMs: number
  readonly grantedAt: number
  /** Whether another decode ran when it was granted, so that it waited on the backend. */
  readonly wasStaged: boolean
  /** Whether its end is foretold from decodes, or a guess. */
  readonly isLearnt: boolean
  /** Whether its backend had not been used for long, so that what was learnt may hold no more. */
  readonly isOld: boolean
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
   * - `hedge`: a second copy of a job that is overdue
   * - `part` of a batch that has its turn already, granted at once or not at all
   */
  readonly purpose: 'first' | 'retry' | 'hedge' | 'part'
  /** Its client set no deadline, so it waits for a backend that has to start. */
  readonly waitsForStart?: boolean
  /** It does, or did: its time begins when it is granted. */
  readonly hasWaitedForStart?: boolean
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
  | 'busy'
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
