/**
 * The Worker's side of a decode: ask for a backend, try it, judge, perhaps again. Policies see of a request only what
 * the real gateway tells the real pool, and learn it as late.
 */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import type { ProbeTest, RejectReason } from '../../../src/pool/state.ts'
import type { Engine } from '../engine/engine.ts'
import type { RandomStream } from '../engine/random.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import type { Recorder } from '../metrics/recorder.ts'
import type { Policy } from '../policies/policy.ts'
import type { SimBackend } from './backend.ts'
import { DegradedMode, SILENCE_MS } from './degraded.ts'
import { Attempt, type Flight, type Grant, type Outcome, type Question } from './flight.ts'
import { Mailbox } from './mailbox.ts'
import { type Network, transferMs } from './network.ts'
import {
  backendId,
  backendIndex,
  exclusionsOf,
  isPause,
  isVote,
  mayReport,
  mayTryAgain,
  mayTryOnceMore,
  timeoutMs,
  verdictOf,
} from './verdict.ts'

/** Before the same backend is asked again. */
const SECOND_ROUND_MS = [25, 250] as const
const RENEW_MS = 5_000
const PROBE_DECODE_MS = 60

export interface GatewayParts {
  readonly engine: Engine
  readonly network: Network
  readonly backends: readonly SimBackend[]
  readonly recorder: Recorder
  readonly gauge: IdleGauge
  readonly random: RandomStream
}

export class Gateway {
  /** Requests under way. */
  readonly live = new Set<Flight>()
  readonly mailbox: Mailbox
  readonly #parts: GatewayParts
  readonly #engine: Engine
  readonly #degraded: DegradedMode
  readonly #transferMs: number
  #policy: Policy | null = null
  #returning: (flight: Flight, afterMs: number) => void = () => {}
  #probes = 0

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#engine = parts.engine
    this.#degraded = new DegradedMode(parts.backends.length, parts.random)
    this.#transferMs = transferMs(parts.network)
    this.mailbox = new Mailbox(parts.engine, parts.network)
  }

  /** @param returning told of refused clients that come back */
  serve(policy: Policy, returning: (flight: Flight, afterMs: number) => void): void {
    this.#policy = policy
    this.#returning = returning
    this.mailbox.address(policy)
  }

  readonly arrive = (flight: Flight): void => {
    this.#parts.recorder.arrived(flight)
    this.live.add(flight)
    this.#engine.schedule(Math.min(flight.deadlineAt, flight.leavesAt), this.#giveUp, flight)
    this.#ask(flight)
  }

  /** The pool answers, in its own place. */
  granted(question: Question, grant: Grant): void {
    const attempt = new Attempt(question, grant, this.mailbox.epoch)
    if (this.mailbox.forget(question)) this.#parts.gauge.changeWaiting(-1, this.#engine.now)
    this.mailbox.send(this.#receive, attempt)
  }

  refused(question: Question, reason: RejectReason, retryAfterMs: number): void {
    const answer = { question, reason, retryAfterMs }
    if (this.mailbox.forget(question)) this.#parts.gauge.changeWaiting(-1, this.#engine.now)
    this.mailbox.send(this.#hearRefusal, answer)
  }

  probe(backend: number, test: ProbeTest): void {
    const { latencyMs } = this.#parts.network
    const ms = 2 * latencyMs + (test === 'decode' ? PROBE_DECODE_MS : 0)
    this.#engine.schedule(this.#engine.now + ms, this.#probed, { backend, test, serial: -2 - this.#probes++ })
  }

  /** The pool begins a new life: those that wait ask it again, those that decode tell it so. */
  restart(): void {
    if (!this.#policy?.restart) return
    const { random, gauge, network } = this.#parts
    const { now } = this.#engine
    this.mailbox.epoch++
    this.#policy.restart()
    for (const flight of this.live) {
      const noticedAt = now + network.hopMs + random.between(20, 200)
      if (flight.phase === 'trying') this.#engine.schedule(noticedAt, this.#adopt, flight.attempt as Attempt)
      else if (flight.question && this.mailbox.forget(flight.question)) {
        gauge.changeWaiting(-1, now)
        this.#engine.schedule(noticedAt, this.#askAgain, flight.question)
      }
    }
  }

  /** Nothing gets through between Workers and pool until `until`. */
  cut(until: number): void {
    this.mailbox.cutUntil = until
    const noticedAt = this.#engine.now + SILENCE_MS
    for (const { phase, question } of this.live) {
      if (phase === 'asking' && question) this.#engine.schedule(noticedAt, this.#goAlone, question)
    }
  }

  #ask(flight: Flight): void {
    const question: Question = { flight, ticket: `r${flight.serial}.${flight.attempts}.${flight.round}` }
    flight.question = question
    flight.phase = 'asking'
    const { now } = this.#engine
    if (this.#degraded.isOn(flight.isolate, now)) {
      this.#goAlone(question)
    } else if (this.mailbox.isCut) {
      this.#engine.schedule(now + SILENCE_MS, this.#goAlone, question)
    } else this.mailbox.send(this.#deliver, question)
  }

  readonly #deliver = (question: Question): void => {
    const { flight } = question
    if (flight.question !== question || flight.phase !== 'asking') return
    if (this.mailbox.isCentral && this.mailbox.remember(question))
      this.#parts.gauge.changeWaiting(1, this.#engine.now)
    this.#policy?.acquire(question)
  }

  readonly #askAgain = (question: Question): void => {
    if (question.flight.question === question && question.flight.phase === 'asking') {
      this.mailbox.send(this.#deliver, question)
    }
  }

  readonly #goAlone = (question: Question): void => {
    const { flight } = question
    if (flight.question !== question || flight.phase !== 'asking') return
    this.#degraded.begin(flight.isolate, this.#engine.now)
    const backend = this.#degraded.choose(flight)
    if (backend === undefined) {
      this.#finish(flight, 'failed', 'exhausted')
      return
    }
    this.#degraded.sent(flight.isolate, backend)
    this.#send(new Attempt(question, withoutPool(backend, flight), -1))
  }

  readonly #receive = (attempt: Attempt): void => {
    const { flight, question } = attempt
    // Its client left, or went its own way, while the grant was under way: nothing was sent.
    if (flight.question !== question || flight.phase !== 'asking') {
      this.mailbox.free(attempt, null)
      return
    }
    this.#degraded.end(flight.isolate)
    this.#send(attempt)
  }

  #send(attempt: Attempt): void {
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
    if (this.mailbox.isCentral && timeoutAt < flight.deadlineAt) {
      this.#engine.schedule(timeoutAt, this.#timeOut, attempt)
    }
    if (attempt.leaseId >= 0) this.#engine.schedule(now + RENEW_MS, this.#renew, attempt)
  }

  /** The answer's headers, or what came instead. */
  readonly settle = (attempt: Attempt): void => {
    if (attempt.isOver) return
    const outcome = attempt.outcome as Outcome
    const hasDecoded = outcome.decodeMs !== null
    this.mailbox.free(attempt, hasDecoded ? outcome.decodeMs : null)
    if (hasDecoded)
      this.#engine.schedule(this.#engine.now + this.#parts.network.downloadMs, this.#judge, attempt)
    else this.#judge(attempt)
  }

  /** The end of the body. */
  readonly #judge = (attempt: Attempt): void => {
    if (attempt.isOver) return
    attempt.isOver = true
    const { flight, outcome } = attempt
    if (outcome?.kind !== 'failure') {
      this.#report(attempt, { kind: 'answer', decodeMs: attempt.decodeMs })
      const waitMs = this.#engine.now - flight.arrivedAt - attempt.decodeMs - this.#transferMs
      this.#parts.recorder.served(flight, waitMs, this.#engine.now)
      this.#finish(flight, 'served', '')
      return
    }
    this.#report(attempt, outcome)
    this.#failed(attempt, outcome.reason)
  }

  readonly #timeOut = (attempt: Attempt): void => {
    if (attempt.isOver) return
    this.#drop(attempt)
    this.#report(attempt, { kind: 'failure', reason: 'timed-out', decodeMs: null, retryAfterMs: 0 })
    this.#failed(attempt, 'timed-out')
  }

  #failed({ flight, backend }: Attempt, reason: FailureReason): void {
    this.#settled(flight)
    const list = isPause(reason) && this.#policy?.knowsPauses ? flight.pauses : flight.failures
    list.push({ reason, backendId: backendId(backend) })
    flight.excluded = exclusionsOf(flight).map(backendIndex)
    if (mayTryAgain(flight, this.#engine.now)) this.#ask(flight)
    else this.#finish(flight, 'failed', reason)
  }

  readonly #hearRefusal = (answer: {
    question: Question
    reason: RejectReason
    retryAfterMs: number
  }): void => {
    const { question, reason, retryAfterMs } = answer
    const { flight } = question
    if (flight.question !== question || flight.phase !== 'asking') return
    if (mayTryOnceMore(flight, reason, this.#engine.now)) {
      flight.round = 2
      flight.excluded = exclusionsOf(flight).map(backendIndex)
      const [low, high] = SECOND_ROUND_MS
      this.#engine.schedule(
        this.#engine.now + this.#parts.random.between(low, high),
        this.#askOnceMore,
        flight,
      )
      return
    }
    const isFailure = flight.failures.length > 0 || reason === 'exhausted'
    this.#finish(flight, isFailure ? 'failed' : 'rejected', reason)
    if (flight.returns > 0 && !isFailure) this.#returning(flight, retryAfterMs)
  }

  readonly #askOnceMore = (flight: Flight): void => {
    if (flight.phase === 'asking') this.#ask(flight)
  }

  /** The client leaves, or its time is over. */
  readonly #giveUp = (flight: Flight): void => {
    if (flight.phase === 'over') return
    const { question, attempt, phase } = flight
    if (phase === 'trying' && attempt) {
      if (attempt.isOver) return
      this.#drop(attempt)
      this.#settled(flight)
    } else if (question) {
      this.mailbox.send(this.#cancel, question)
    }
    const hasLeft = flight.leavesAt <= this.#engine.now
    this.#finish(flight, hasLeft ? 'left' : 'failed', hasLeft ? '' : 'deadline')
  }

  readonly #cancel = (question: Question): void => this.#policy?.cancel(question)

  #drop(attempt: Attempt): void {
    attempt.isOver = true
    this.#parts.backends[attempt.backend]?.abort(attempt)
    this.mailbox.abandon(attempt)
  }

  #settled({ attempt, isolate }: Flight): void {
    if (attempt?.leaseId === -1) this.#degraded.settled(isolate, attempt.backend)
  }

  #report(attempt: Attempt, outcome: Outcome): void {
    const { flight } = attempt
    const verdict = verdictOf(outcome, attempt.backend, flight)
    if (verdict === null || !mayReport(flight, verdict)) return
    flight.hasVoted ||= isVote(verdict)
    attempt.verdict = verdict
    this.mailbox.report(attempt)
  }

  readonly #renew = (attempt: Attempt): void => {
    if (attempt.isOver || attempt.outcome !== null) return
    this.mailbox.renew(attempt)
    this.#engine.schedule(this.#engine.now + RENEW_MS, this.#renew, attempt)
  }

  readonly #adopt = (attempt: Attempt): void => {
    if (!attempt.isOver && attempt.outcome === null && attempt.leaseId >= 0) this.mailbox.adopt(attempt)
  }

  readonly #probed = (probe: { backend: number; test: ProbeTest; serial: number }): void => {
    const result = this.#parts.backends[probe.backend]?.probe(probe.test, probe.serial)
    if (result) this.#policy?.probed(probe.backend, probe.test, result)
  }

  #finish(flight: Flight, how: 'served' | 'rejected' | 'failed' | 'left', why: string): void {
    if (how === 'served') this.#settled(flight)
    flight.phase = 'over'
    this.live.delete(flight)
    this.#parts.recorder.ended(flight, how, why, this.#engine.now)
  }
}

/** What is known of a backend that was chosen without the pool. */
const withoutPool = (backend: number, { predictedMs }: Flight): Grant => ({
  backend,
  leaseId: -1,
  startsInMs: 0,
  expectedMs: predictedMs,
  isLearnt: false,
})
