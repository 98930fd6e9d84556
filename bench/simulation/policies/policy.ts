/** What every policy is to the rest of the simulation: it is asked for a backend and told how things went. */
import type { Evidence, ProbeResult, ProbeTest, RejectReason } from '../../../src/pool/events.ts'
import type { Engine } from '../engine/engine.ts'
import type { RandomStream } from '../engine/random.ts'
import type { Attempt, Grant, Question } from '../model/flight.ts'
import type { Network } from '../model/network.ts'

export interface Policy {
  readonly name: string
  /** Whether it is one place that is asked over the network, or a part of the Worker. */
  readonly isCentral: boolean
  /** Whether it leaves a backend that asked for time alone; to others that is a failure like any other. */
  readonly knowsPauses: boolean
  /** Answered by `granted` or `refused` of the host, at once or later. */
  acquire(question: Question): void
  cancel(question: Question): void
  /** The GPU is done with it. */
  free(attempt: Attempt, timings: Timings): void
  /** Its holder is gone and did not say how far it came. */
  abandon(attempt: Attempt): void
  renew(attempt: Attempt): void
  report(attempt: Attempt, evidence: Evidence): void
  probed(backend: number, test: ProbeTest, result: ProbeResult): void
  /** A new life without a memory; absent where there is nothing to lose. */
  restart?(): void
  /** Somebody sets the clock of its machine. */
  setClock?(byMs: number): void
  /** @returns the lease in the new life; -1 when there is none */
  adopt?(attempt: Attempt): number
}

export interface Timings {
  readonly attemptMs: number | null
  readonly computeMs: number | null
}

/** What a policy can do and see. */
export interface PolicyHost {
  readonly engine: Engine
  readonly random: RandomStream
  readonly network: Network
  readonly backends: readonly BackendFacts[]
  granted(question: Question, grant: Grant): void
  refused(question: Question, reason: RejectReason, retryAfterMs: number): void
  probe(backend: number, test: ProbeTest): void
}

/** What is configured of a backend. */
export interface BackendFacts {
  readonly isAbortable: boolean
  readonly isScaleToZero: boolean
}

export type PolicyFactory = (host: PolicyHost) => Policy
