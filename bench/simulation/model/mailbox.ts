/** Messages between Workers and the pool: each takes a hop, some find the pool in another life, or no way at all. */
import type { Engine } from '../engine/engine.ts'
import type { Policy } from '../policies/policy.ts'
import type { Attempt, Question } from './flight.ts'
import type { Network } from './network.ts'

export class Mailbox {
  /** Counts the lives of the pool. */
  epoch = 0
  cutUntil = 0
  isCentral = false
  /** Share of what leases have to say that never arrives, until then. */
  lossRate = 0
  lossUntil = Number.POSITIVE_INFINITY
  /** In [0, 1); whether a message is lost. */
  luck: () => number = () => 1

  readonly #engine: Engine
  readonly #hopMs: number
  readonly #known = new Set<Question>()
  #policy: Policy | null = null

  constructor(engine: Engine, { hopMs }: Network) {
    this.#engine = engine
    this.#hopMs = hopMs
  }

  address(policy: Policy): void {
    this.#policy = policy
    this.isCentral = policy.isCentral
  }

  get isCut(): boolean {
    return this.#engine.now < this.cutUntil
  }

  /** To the pool, and back: a hop, or nothing at all where the Worker decides by itself. */
  send<S>(handler: (subject: S) => void, subject: S): void {
    if (!this.isCentral) handler(subject)
    else if (!this.isCut) this.#engine.schedule(this.#engine.now + this.#hopMs, handler, subject)
  }

  /**
   * The pool's present life has this question to answer.
   *
   * @returns whether that is new
   */
  remember(question: Question): boolean {
    const isNew = !this.#known.has(question)
    this.#known.add(question)
    return isNew
  }

  /** @returns whether it had it */
  forget(question: Question): boolean {
    return this.#known.delete(question)
  }

  free(attempt: Attempt, decodeMs: number | null): void {
    if (attempt.leaseId < 0 || this.#isLost()) return
    const timings = timingsOf(attempt, decodeMs, this.#engine.now)
    this.send(this.#deliverFree, { attempt, timings })
  }

  abandon(attempt: Attempt): void {
    if (attempt.leaseId >= 0) this.send(this.#deliverAbandon, attempt)
  }

  report(attempt: Attempt): void {
    if (attempt.leaseId >= 0 && !this.#isLost()) this.send(this.#deliverReport, attempt)
  }

  renew(attempt: Attempt): void {
    if (!this.#isLost()) this.send(this.#deliverRenew, attempt)
  }

  adopt(attempt: Attempt): void {
    this.send(this.#deliverAdopt, attempt)
  }

  #isLost(): boolean {
    return this.lossRate > 0 && this.#engine.now < this.lossUntil && this.luck() < this.lossRate
  }

  /** What a lease of a former life has to say reaches nobody. */
  #isCurrent({ epoch }: Attempt): boolean {
    return epoch === this.epoch
  }

  readonly #deliverFree = ({
    attempt,
    timings,
  }: {
    attempt: Attempt
    timings: ReturnType<typeof timingsOf>
  }): void => {
    if (this.#isCurrent(attempt)) this.#policy?.free(attempt, timings)
  }

  readonly #deliverAbandon = (attempt: Attempt): void => {
    if (this.#isCurrent(attempt)) this.#policy?.abandon(attempt)
  }

  readonly #deliverReport = (attempt: Attempt): void => {
    if (attempt.verdict && this.#isCurrent(attempt)) this.#policy?.report(attempt, attempt.verdict)
  }

  readonly #deliverRenew = (attempt: Attempt): void => {
    if (this.#isCurrent(attempt) && !attempt.isOver) this.#policy?.renew(attempt)
  }

  readonly #deliverAdopt = (attempt: Attempt): void => {
    if (this.#isCurrent(attempt) || attempt.isOver || attempt.outcome !== null || !this.#policy?.adopt) return
    attempt.epoch = this.epoch
    attempt.leaseId = this.#policy.adopt(attempt)
  }
}

const timingsOf = (attempt: Attempt, decodeMs: number | null, now: number) => ({
  attemptMs: decodeMs === null ? null : now - attempt.sentAt,
  computeMs: decodeMs,
})
