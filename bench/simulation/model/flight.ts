/** One request on its way, and one try of it at a backend. */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import type { Evidence } from '../../../src/pool/events.ts'
import type { FaultKind } from './faults.ts'

/** Cost classes in which rejections are counted. */
export const COST_CLASSES = ['image', 'short video', 'long video'] as const
export type CostClass = 0 | 1 | 2

export const isImage = (flight: Flight): boolean => flight.costClass === 0

/**
 * - `asking`: not granted yet
 * - `trying`: an attempt is on its way
 * - `over`
 */
export type FlightPhase = 'asking' | 'trying' | 'over'

export interface FailedAttempt {
  readonly reason: FailureReason
  readonly backendId: string
}

export class Flight {
  readonly serial: number
  readonly key: number
  readonly costClass: CostClass
  /** Decode time on a backend of slowness 1. */
  readonly workMs: number
  /** What the gateway believes that to be. */
  readonly predictedMs: number
  readonly arrivedAt: number
  readonly deadlineAt: number
  /** When its client has enough; infinite for most. */
  readonly leavesAt: number
  /** Whichever backend decodes it dies of it. */
  readonly isPoison: boolean
  /** Which of the gateway's isolates it came to. */
  readonly isolate: number
  /** How often its client may come back after a refusal. */
  readonly returns: number

  phase: FlightPhase = 'asking'
  /** What the pool was asked last; an answer to anything else comes too late. */
  question: Question | null = null
  attempts = 0
  round: 1 | 2 = 1
  hasVoted = false
  /** Without those of backends that asked for time: that was no attempt. */
  failures: FailedAttempt[] = []
  pauses: FailedAttempt[] = []
  /** Indices of backends that shall not get it (again). */
  excluded: number[] = []
  attempt: Attempt | null = null

  constructor(facts: FlightFacts) {
    this.serial = facts.serial
    this.key = facts.key
    this.costClass = facts.costClass
    this.workMs = facts.workMs
    this.predictedMs = facts.predictedMs
    this.arrivedAt = facts.arrivedAt
    this.deadlineAt = facts.deadlineAt
    this.leavesAt = facts.leavesAt
    this.isPoison = facts.isPoison
    this.isolate = facts.isolate
    this.returns = facts.returns
  }
}

export type FlightFacts = Pick<
  Flight,
  | 'serial'
  | 'key'
  | 'costClass'
  | 'workMs'
  | 'predictedMs'
  | 'arrivedAt'
  | 'deadlineAt'
  | 'leavesAt'
  | 'isPoison'
  | 'isolate'
  | 'returns'
>

/** A flight asks for a backend. */
export interface Question {
  readonly flight: Flight
  readonly ticket: string
}

/** What a policy grants: a place on a backend. */
export interface Grant {
  readonly backend: number
  /** Of the pool; -1 where there are no leases. */
  readonly leaseId: number
  /** Until the backend gets to it. */
  readonly startsInMs: number
  /** Decode time to be expected there, and whether that is learnt, or a guess. */
  readonly expectedMs: number
  readonly isLearnt: boolean
}

export class Attempt {
  readonly flight: Flight
  readonly question: Question
  readonly backend: number
  readonly grant: Grant
  /** Of the life of the pool that granted it; changes when a new life adopts it. */
  epoch: number
  leaseId: number
  sentAt = 0
  /** Decode time it took at the backend. */
  decodeMs = 0
  /** Nobody waits for its outcome any more. */
  isOver = false
  /** What its backend will do to it; see `FaultKind`. */
  fate: FaultKind | null = null
  /** What the gateway will see, once that is decided. */
  outcome: Outcome | null = null
  /** What is said of the backend for it. */
  verdict: Evidence | null = null

  constructor(question: Question, grant: Grant, epoch: number) {
    this.flight = question.flight
    this.question = question
    this.backend = grant.backend
    this.leaseId = grant.leaseId
    this.grant = grant
    this.epoch = epoch
  }
}

/** What the gateway sees of an attempt. */
export type Outcome =
  | { readonly kind: 'answer'; readonly decodeMs: number }
  | {
      readonly kind: 'failure'
      readonly reason: FailureReason
      /** Whether a decode was done, which the pace may be learnt from. */
      readonly decodeMs: number | null
      readonly retryAfterMs: number
    }
