/** Tries at backends: sent, timed, judged and reported. What follows from them is the gateway's business. */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import type { Engine } from '../engine/engine.ts'
import type { RandomStream } from '../engine/random.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import type { Recorder } from '../metrics/recorder.ts'
import type { SimBackend } from './backend.ts'
import type { Attempt, Outcome } from './flight.ts'
import type { Mailbox } from './mailbox.ts'
import type { Network } from './network.ts'
import { isHang, isVote, mayReport, timeoutMs, verdictOf, whyBroken } from './verdict.ts'

const RENEW_MS = 5_000

export interface GatewayParts {
  readonly engine: Engine
  readonly network: Network
  readonly backends: readonly SimBackend[]
  readonly recorder: Recorder
  readonly gauge: IdleGauge
  readonly random: RandomStream
}

interface Listener {
  answered(attempt: Attempt): void
  failed(attempt: Attempt, reason: FailureReason): void
}

export class Attempts {
  readonly #parts: GatewayParts
  readonly #engine: Engine
  readonly #mailbox: Mailbox
  readonly #listener: Listener

  constructor(parts: GatewayParts, mailbox: Mailbox, listener: Listener) {
    this.#parts = parts
    this.#engine = parts.engine
    this.#mailbox = mailbox
    this.#listener = listener
  }

  send(attempt: Attempt): void {
    const { flight, backend, grant } = attempt
    const { now } = this.#engine
    flight.phase = 'trying'
    flight.attempts++
    flight.attempt = attempt
    attempt.sentAt = now
    const target = this.#parts.backends[backend] as SimBackend
    this.#parts.recorder.attempted(flight, target.faults.isFaulty(now))
    target.send(attempt)
    const timeoutAt = now + timeoutMs(grant, flight.deadlineAt - now)
    // A policy that binds early cannot tell a queue from a hang.
    if (this.#mailbox.isCentral && timeoutAt < flight.deadlineAt) {
      this.#engine.schedule(timeoutAt, this.#timeOut, attempt)
    }
    if (attempt.leaseId >= 0) this.#engine.schedule(now + RENEW_MS, this.#renew, attempt)
  }

  /** The answer's headers, or what came instead. */
  readonly settle = (attempt: Attempt): void => {
    if (attempt.isOver) return
    const outcome = this.#seen(attempt)
    attempt.outcome = outcome
    const hasDecoded = outcome.decodeMs !== null
    this.#mailbox.free(attempt, hasDecoded ? outcome.decodeMs : null)
    if (hasDecoded)
      this.#engine.schedule(this.#engine.now + this.#parts.network.downloadMs, this.#judge, attempt)
    else this.#judge(attempt)
  }

  /** The gateway cannot tell a refused connection from a reset one but by the time it took. */
  #seen({ outcome, sentAt, grant }: Attempt): Outcome {
    if (outcome?.kind !== 'failure' || outcome.reason !== 'unreachable') return outcome as Outcome
    return { ...outcome, reason: whyBroken(this.#engine.now - sentAt, grant) }
  }

  /** The end of the body. */
  readonly #judge = (attempt: Attempt): void => {
    if (attempt.isOver) return
    attempt.isOver = true
    const { outcome } = attempt
    if (outcome?.kind !== 'failure') {
      this.#report(attempt, { kind: 'answer', decodeMs: attempt.decodeMs })
      this.#listener.answered(attempt)
      return
    }
    this.#report(attempt, outcome)
    this.#listener.failed(attempt, outcome.reason)
  }

  readonly #timeOut = (attempt: Attempt): void => {
    if (attempt.isOver) return
    if (isHang(this.#engine.now - attempt.sentAt, attempt.grant))
      this.#report(attempt, { kind: 'failure', reason: 'timed-out', decodeMs: null, retryAfterMs: 0 })
    this.drop(attempt)
    this.#listener.failed(attempt, 'timed-out')
  }

  /** Nobody waits for it any more. */
  drop(attempt: Attempt): void {
    attempt.isOver = true
    this.#parts.backends[attempt.backend]?.abort(attempt)
    this.#mailbox.abandon(attempt)
  }

  #report(attempt: Attempt, outcome: Outcome): void {
    const { flight } = attempt
    const verdict = verdictOf(outcome, attempt.backend, flight)
    if (verdict === null || !mayReport(flight, verdict)) return
    flight.hasVoted ||= isVote(verdict)
    attempt.verdict = verdict
    this.#mailbox.report(attempt)
  }

  readonly #renew = (attempt: Attempt): void => {
    if (attempt.isOver || attempt.outcome !== null) return
    this.#mailbox.renew(attempt)
    this.#engine.schedule(this.#engine.now + RENEW_MS, this.#renew, attempt)
  }

  /** Tells a new life of the pool. */
  readonly adopt = (attempt: Attempt): void => {
    if (!attempt.isOver && attempt.outcome === null && attempt.leaseId >= 0) this.#mailbox.adopt(attempt)
  }
}
