/** A GPU endpoint: one decode at a time, a queue of its own before it, and whatever is wrong with it. */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import type { ProbeResult, ProbeTest } from '../../../src/pool/events.ts'
import type { Engine } from '../engine/engine.ts'
import { luckOf } from '../engine/random.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import {
  BUSY_RETRY_AFTER_MS,
  CONNECT_TIMEOUT_MS,
  type Fault,
  type FaultKind,
  type FaultPlan,
  GREY_FACTOR,
  MEMORY_LIMIT_MS,
  RESTART_MS,
} from './faults.ts'
import type { Attempt, Outcome } from './flight.ts'
import type { Network } from './network.ts'

export interface BackendSettings {
  readonly index: number
  /** Decode time over that of the model's reference. */
  readonly slowness: number
  readonly isAbortable: boolean
  readonly isAsleep: boolean
  readonly coldStartMs: number
}

/** Answers that cost no decode come after this. */
const INSTANT_MS = 5
/** A crash loop serves one and dies of the next. */
const CRASH_AFTER_MS = 100
const REFUSALS: Partial<Record<FaultKind, FailureReason>> = {
  misconfigured: 'misconfigured',
  'black-hole': 'server-error',
  'bad-gateway': 'server-error',
  reject: 'rejected',
  busy: 'busy',
}
const REFUSED_EARLY = new Set<FaultKind>(['refuse', 'connect-timeout'])

export class SimBackend {
  readonly index: number
  readonly slowness: number
  readonly isAbortable: boolean
  readonly faults: FaultPlan
  /** Decodes done, whoever wanted them. */
  decodes = 0
  /** When it was last at work for nobody, or under a fault: what others have done to it outlasts them. */
  troubledAt = 0

  readonly #coldStartMs: number
  readonly #engine: Engine
  readonly #network: Network
  readonly #seed: number
  readonly #gauge: IdleGauge
  readonly #settle: (attempt: Attempt) => void
  readonly #queue: Attempt[] = []
  #running: Attempt | null = null
  #run = 0
  /** - `starting`: was asleep, and says so - `dead`: nobody is there to say anything */
  #power: 'ready' | 'asleep' | 'starting' | 'dead' = 'ready'
  #readyAt = 0
  #boot = 0
  #isIdle = false

  constructor(
    settings: BackendSettings,
    faults: FaultPlan,
    world: { engine: Engine; network: Network; gauge: IdleGauge; seed: number },
    settle: (attempt: Attempt) => void,
  ) {
    this.index = settings.index
    this.slowness = settings.slowness
    this.isAbortable = settings.isAbortable
    this.faults = faults
    this.#coldStartMs = settings.coldStartMs
    this.#engine = world.engine
    this.#network = world.network
    this.#gauge = world.gauge
    this.#seed = world.seed
    this.#settle = settle
    if (settings.isAsleep) this.#power = 'asleep'
    for (const fault of faults.all) this.#engine.schedule(fault.from, this.#begin, fault)
    this.#mark()
  }

  get isReady(): boolean {
    return this.#power === 'ready'
  }

  /** Sends a request; what becomes of it is told through `settle`. */
  send(attempt: Attempt): void {
    const { now } = this.#engine
    const { latencyMs, uploadMs } = this.#network
    attempt.fate = this.#fateOf(attempt)
    if (attempt.fate !== null && REFUSED_EARLY.has(attempt.fate)) {
      const afterMs = attempt.fate === 'refuse' ? 2 * latencyMs : CONNECT_TIMEOUT_MS
      this.#failAt(now + afterMs, attempt, 'unreachable', null)
      return
    }
    this.#engine.schedule(now + this.#vary(attempt, uploadMs), this.#arrive, attempt)
  }

  /** The gateway hangs up. The decode ends with it only where a backend can do that. */
  abort(attempt: Attempt): void {
    if (!this.isAbortable) return
    const place = this.#queue.indexOf(attempt)
    if (place >= 0) {
      this.#queue.splice(place, 1)
      this.#gauge.changeWaiting(-1, this.#engine.now)
    }
    if (this.#running === attempt) this.#finishRun()
  }

  /** Puts it out as if its process had died; it comes back by itself unless a fault keeps it down. */
  crash(): void {
    const lost = this.#running ? [this.#running, ...this.#queue] : [...this.#queue]
    this.#gauge.changeWaiting(-this.#queue.length, this.#engine.now)
    this.#queue.length = 0
    this.#running = null
    this.#run++
    const { now } = this.#engine
    for (const attempt of lost) this.#failAt(now + this.#network.latencyMs, attempt, 'unreachable', null)
    this.#start('dead', RESTART_MS)
  }

  /** What a probe finds, of which it hears after the time that probes take. */
  probe(test: ProbeTest, serial: number): ProbeResult {
    if (this.#power === 'asleep' && test !== 'health') this.#start('starting', this.#coldStartMs)
    if (this.#power === 'dead') return 'failed'
    if (this.#power !== 'ready') return 'asleep'
    const fault = this.faults.meets(this.#engine.now, serial, 0)
    if (fault === 'refuse' || fault === 'connect-timeout' || fault === 'crash') return 'failed'
    if (fault === 'misconfigured' || fault === 'busy') return 'failed'
    if (test !== 'decode' || fault === null) return 'passed'
    return fault === 'grey' || fault === 'oom' || fault === 'cold' ? 'passed' : 'failed'
  }

  #fateOf(attempt: Attempt): FaultKind | null {
    if (this.#power === 'dead') return 'refuse'
    return this.faults.meets(this.#engine.now, attempt.flight.serial, attempt.flight.attempts)
  }

  readonly #arrive = (attempt: Attempt): void => {
    // The gateway hung up before the body was there.
    if (attempt.isOver) return
    const { now } = this.#engine
    if (this.#power === 'asleep') this.#start('starting', this.#coldStartMs)
    const refusal = this.#refusalOf(attempt, now)
    if (refusal !== null) {
      const { reason, retryAfterMs } = refusal
      this.#failAt(now + INSTANT_MS + this.#network.latencyMs, attempt, reason, null, retryAfterMs)
    } else if (attempt.fate !== 'hang') {
      this.#queue.push(attempt)
      this.#gauge.changeWaiting(1, now)
      this.#startNext()
    }
  }

  /** What it answers without a look at the GPU. */
  #refusalOf(attempt: Attempt, now: number): { reason: FailureReason; retryAfterMs: number } | null {
    if (this.#power === 'dead') return { reason: 'unreachable', retryAfterMs: 0 }
    if (this.#power === 'starting') {
      return { reason: 'cold', retryAfterMs: Math.max(1_000, this.#readyAt - now) }
    }
    const reason = attempt.fate === null ? undefined : REFUSALS[attempt.fate]
    return reason ? { reason, retryAfterMs: reason === 'busy' ? BUSY_RETRY_AFTER_MS : 0 } : null
  }

  #startNext(): void {
    while (this.#running === null && this.#queue.length > 0) {
      const attempt = this.#queue.shift() as Attempt
      this.#running = attempt
      this.#gauge.changeWaiting(-1, this.#engine.now)
      this.#engine.schedule(
        this.#engine.now + this.#occupationMs(attempt),
        this.#finish,
        attempt,
        ++this.#run,
      )
    }
    this.#mark()
  }

  /** How long the request keeps the GPU. */
  #occupationMs(attempt: Attempt): number {
    const { flight, fate } = attempt
    const decodeMs = flight.workMs * this.slowness * (fate === 'grey' ? GREY_FACTOR : 1)
    attempt.decodeMs = decodeMs
    if (flight.isPoison) return CRASH_AFTER_MS
    if (fate === 'crash-loop' && this.decodes % 2 === 1) return CRASH_AFTER_MS
    if (fate === 'oom' && flight.workMs > MEMORY_LIMIT_MS) return CRASH_AFTER_MS
    return fate === 'reset' ? decodeMs / 2 : decodeMs
  }

  readonly #finish = (attempt: Attempt, run: number): void => {
    if (run !== this.#run || this.#running !== attempt) return
    const isFatal = attempt.flight.isPoison || (attempt.fate === 'crash-loop' && this.decodes % 2 === 1)
    this.decodes++
    if (attempt.isOver || attempt.fate !== null) this.troubledAt = this.#engine.now
    if (isFatal) {
      this.crash()
      return
    }
    this.#answer(attempt)
    this.#finishRun()
  }

  #answer(attempt: Attempt): void {
    const { flight, fate, decodeMs } = attempt
    const at = this.#engine.now + this.#network.latencyMs
    if (fate === 'oom' && flight.workMs > MEMORY_LIMIT_MS) this.#failAt(at, attempt, 'out-of-memory', null)
    else if (fate === 'reset') this.#failAt(at, attempt, 'unreachable', null)
    else if (fate === 'error') this.#failAt(at, attempt, 'server-error', null)
    else if (fate === 'truncate') this.#failAt(at, attempt, 'broke-off', decodeMs)
    else if (fate === 'invalid') this.#failAt(at, attempt, 'invalid', decodeMs)
    else this.#tell(at, attempt, { kind: 'answer', decodeMs })
  }

  #finishRun(): void {
    this.#running = null
    this.#run++
    this.#startNext()
  }

  readonly #begin = (fault: Fault): void => {
    const { now } = this.#engine
    if (fault.everyMs > 0) this.#engine.schedule(now + fault.everyMs, this.#begin, fault)
    if (fault.kind === 'crash') this.#engine.schedule(now + fault.until - fault.from + 1, this.#heal, null)
    if (fault.kind === 'crash') this.crash()
    if (fault.kind === 'cold' && this.#power === 'ready') {
      this.#power = 'asleep'
      this.#mark()
    }
  }

  /** A crash that lasts is over. */
  readonly #heal = (): void => {
    if (this.#power === 'dead') this.#started(null, this.#boot)
  }

  /** Ready after a while, unless it goes down once more before that. */
  #start(power: 'starting' | 'dead', afterMs: number): void {
    this.#power = power
    this.#readyAt = this.#engine.now + afterMs
    this.#engine.schedule(this.#readyAt, this.#started, null, ++this.#boot)
    this.#mark()
  }

  readonly #started = (_: null, boot: number): void => {
    if (boot !== this.#boot || this.faults.meets(this.#engine.now, -1, 0) === 'crash') return
    this.#power = 'ready'
    this.#mark()
  }

  #failAt(
    at: number,
    attempt: Attempt,
    reason: FailureReason,
    decodeMs: number | null,
    retryAfterMs = 0,
  ): void {
    this.#tell(at, attempt, { kind: 'failure', reason, decodeMs, retryAfterMs })
  }

  #tell(at: number, attempt: Attempt, outcome: Outcome): void {
    attempt.outcome = outcome
    this.#engine.schedule(at, this.#settle, attempt)
  }

  #vary(attempt: Attempt, ms: number): number {
    const luck = luckOf(this.#seed, attempt.flight.serial, attempt.flight.attempts, this.index)
    return ms * (1 + this.#network.jitter * (2 * luck - 1))
  }

  #mark(): void {
    const isIdle = this.#power === 'ready' && this.#running === null
    if (isIdle === this.#isIdle) return
    this.#isIdle = isIdle
    this.#gauge.changeIdle(isIdle ? 1 : -1, this.#engine.now)
  }
}
