/**
 * The Worker's side of a decode: ask for a backend, try it, judge, perhaps again. Policies see of a request only what
 * the real gateway tells the real pool, and learn it as late.
 */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import type { ProbeTest, RejectReason } from '../../../src/pool/events.ts'
import type { Engine } from '../engine/engine.ts'
import type { Policy } from '../policies/policy.ts'
import { Attempts, type GatewayParts } from './attempts.ts'
import { DegradedMode, SILENCE_MS } from './degraded.ts'
import { Attempt, type Flight, type Grant, type Question } from './flight.ts'
import { Mailbox } from './mailbox.ts'
import { transferMs } from './network.ts'
import { backendId, backendIndex, exclusionsOf, isPause, mayTryAgain, mayTryOnceMore } from './verdict.ts'

/** Before the same backend is asked again. */
const SECOND_ROUND_MS = [25, 250] as const
const PROBE_DECODE_MS = 60

export class Gateway {
  /** Requests under way. */
  readonly live = new Set<Flight>()
  readonly mailbox: Mailbox
  readonly #parts: GatewayParts
  readonly #engine: Engine
  readonly #degraded: DegradedMode
  readonly #attempts: Attempts
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
    this.#attempts = new Attempts(parts, this.mailbox, { answered: this.#answered, failed: this.#failed })
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

  /** A backend has answered. */
  get settle(): (attempt: Attempt) => void {
    return this.#attempts.settle
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
      if (flight.phase === 'trying')
        this.#engine.schedule(noticedAt, this.#attempts.adopt, flight.attempt as Attempt)
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
    this.#attempts.send(new Attempt(question, withoutPool(backend, flight), -1))
  }

  readonly #receive = (attempt: Attempt): void => {
    const { flight, question } = attempt
    // Its client left, or went its own way, while the grant was under way: nothing was sent.
    if (flight.question !== question || flight.phase !== 'asking') {
      this.mailbox.free(attempt, null)
      return
    }
    this.#degraded.end(flight.isolate)
    this.#attempts.send(attempt)
  }

  readonly #answered = ({ flight, decodeMs }: Attempt): void => {
    const { now } = this.#engine
    this.#parts.recorder.served(flight, now - flight.arrivedAt - decodeMs - this.#transferMs, now)
    this.#finish(flight, 'served', '')
  }

  readonly #failed = ({ flight, backend }: Attempt, reason: FailureReason): void => {
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
      this.#attempts.drop(attempt)
      this.#settled(flight)
    } else if (question) {
      this.mailbox.send(this.#cancel, question)
    }
    const hasLeft = flight.leavesAt <= this.#engine.now
    this.#finish(flight, hasLeft ? 'left' : 'failed', hasLeft ? '' : 'deadline')
  }

  readonly #cancel = (question: Question): void => this.#policy?.cancel(question)

  #settled({ attempt, isolate }: Flight): void {
    if (attempt?.leaseId === -1) this.#degraded.settled(isolate, attempt.backend)
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
