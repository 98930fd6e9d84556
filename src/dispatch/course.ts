/** What became of one request so far, and what of that the pool is told. */
import type { Ambient } from '../lib/ambient.ts'
import { settledWithin } from '../lib/sleep.ts'
import type { Lease, SlotRequest } from '../pool/client.ts'
import type { Timings } from '../pool/protocol.ts'
import type { EventSink, GatewayEvent } from '../telemetry/events.ts'
import {
  blamedBackends,
  evidenceOf,
  type Failure,
  isTransparent,
  SIGNATURE_OF,
  smallerBackends,
  wastesDecode,
} from './failure.ts'
import type { DecodeJob } from './job.ts'
import { countedFailures, excludedBackends } from './retry-policy.ts'

/** An object that does not take in a report within this is not waited for. */
const TELL_MS = 1_000

type AttemptEnd = (GatewayEvent & { kind: 'attempt-ended' })['end']

/** What is known of an attempt besides how it ended. */
interface Attempted {
  readonly lease: Lease
  /** Given up before, it says nothing of its backend. */
  readonly overdueMs: number
}

export class Course {
  job: DecodeJob
  readonly failures: Failure[] = []
  /** Times that the request was sent to a backend. */
  attempts = 0
  /** Attempts that were given up for another one. */
  calledOff = 0
  /** From the second round on those that failed in passing may be asked again. */
  round = 1
  readonly #ticket: string
  readonly #ambient: Ambient
  readonly #events: EventSink

  constructor(job: DecodeJob, ambient: Ambient, events: EventSink) {
    this.job = job
    this.#ticket = ambient.randomUuid()
    this.#ambient = ambient
    this.#events = events
  }

  get remainingMs(): number {
    return this.job.deadlineAt - this.#ambient.now()
  }

  /** Attempts that may have cost a decode and are over. */
  get spent(): number {
    return countedFailures(this.failures).length + this.calledOff
  }

  /** A backend had to start first. The client set no deadline, so its time begins now. */
  restart(): void {
    const { deadlineMs } = this.job
    if (deadlineMs !== undefined) this.job = { ...this.job, deadlineAt: this.#ambient.now() + deadlineMs }
  }

  /** What the pool is asked for next. A retry of what cost nothing costs nothing. */
  slotRequest(): SlotRequest {
    const last = this.failures.at(-1)
    return {
      ...this.#request(excludedBackends(this.failures, this.round)),
      ticket: this.#ticket,
      purpose: last && wastesDecode(last) ? 'retry' : 'first',
    }
  }

  /** @param running backends where the request is being decoded */
  hedgeRequest(running: readonly string[]): SlotRequest {
    return {
      ...this.#request([...excludedBackends(this.failures, 1), ...running]),
      // The other copy's job may still be known under the ticket of the request.
      ticket: this.#ambient.randomUuid(),
      purpose: 'hedge',
    }
  }

  /** The answer was good, so backends that failed the request before are to blame. Resolves when the pool knows. */
  served(lease: Lease): Promise<void> {
    const { model, predictedMs } = this.job
    const instead = blamedBackends(this.failures, lease.backendId)
    const backendIds = smallerBackends(this.failures, lease.backendId)
    const outOfMemory = { predictedMs, backendIds }
    return lease.report({
      kind: 'served',
      model,
      ...(instead.length > 0 && { instead }),
      ...(backendIds.length > 0 && { outOfMemory }),
    })
  }

  /** An attempt is given up for another one. */
  cancelled({ lease, overdueMs }: Attempted, ms: number): void {
    const isOverdue = ms >= overdueMs
    if (isOverdue) void lease.report({ kind: 'soft', model: this.job.model, isTimeout: true })
    lease[Symbol.dispose]()
    this.ended(lease, 'called-off')
    this.calledOff++
  }

  /**
   * Takes note of a failure and gives its slot back. After a hang the GPU may still be at it, so that lease is let go
   * of without a word and the pool decides when the slot is free.
   *
   * @returns when the pool knows what must be known before it is asked again
   */
  fail({ lease, overdueMs }: Attempted, failure: Failure, ms: number): Promise<void> {
    const { reason, backendId } = failure
    const expectedMs = Math.round(lease.expectedMs)
    const { isLocal } = lease
    this.failures.push(failure)
    this.#events.emit({ kind: 'attempt-failed', reason, backendId, ms, expectedMs, isLocal })
    const isHasty = reason === 'timed-out' && ms < overdueMs
    const evidence = isHasty ? null : evidenceOf(failure, this.job)
    const told = evidence ? lease.report(evidence) : Promise.resolve()
    if (reason !== 'timed-out') lease.free({ decoded: false })
    lease[Symbol.dispose]()
    // A backend that asked for time is not excluded, so the pool has to know that it did.
    return isTransparent(failure) ? settledWithin(told, TELL_MS, this.#ambient) : Promise.resolve()
  }

  /** Takes note of how an attempt ended that did not fail before its answer was committed to. */
  ended({ backendId, expectedMs, startsInMs, isLocal }: Lease, end: AttemptEnd, timings?: Timings): void {
    const { attemptMs, computeMs } = timings ?? {}
    const actualMs = computeMs ?? (attemptMs === undefined ? undefined : Math.max(1, attemptMs - startsInMs))
    const times = {
      ...(attemptMs !== undefined && { attemptMs }),
      ...(actualMs !== undefined && { actualMs }),
    }
    this.#events.emit({ kind: 'attempt-ended', backendId, end, ...times, expectedMs, isLocal })
  }

  #request(exclude: readonly string[]): Omit<SlotRequest, 'ticket' | 'purpose'> {
    const { key, model, predictedMs, avoid, deadlineMs } = this.job
    const counted = this.failures.filter((failure) => !isTransparent(failure))
    const failures = counted.map(({ backendId, reason }) => ({
      backendId,
      signature: SIGNATURE_OF[reason],
    }))
    const excluded = avoid ? [...avoid, ...exclude] : exclude
    return {
      key,
      model,
      predictedMs,
      remainingMs: this.remainingMs,
      exclude: excluded,
      failures,
      ...(deadlineMs !== undefined && { waitsForStart: true }),
    }
  }
}
