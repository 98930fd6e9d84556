/** A GPU endpoint: so many decodes at a time, a queue of its own before them, and what is wrong with it. */
import type { ProbeResult, ProbeTest } from '../../../src/pool/events.ts'
import type { Curve } from '../../curves.ts'
import type { Engine } from '../engine/engine.ts'
import { luckOf } from '../engine/random.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import { answerOf } from './answer.ts'
import { Attempt } from './attempt.ts'
import {
  CONNECT_TIMEOUT_MS,
  type Fault,
  type FaultPlan,
  GREY_FACTOR,
  isOutOfMemory,
  RESTART_MS,
} from './faults.ts'
import type { Flight } from './flight.ts'
import type { Network } from './network.ts'
import { Power } from './power.ts'
import { answerTo, coldAnswer, type Reply, refusalFor } from './replies.ts'

export interface BackendSettings {
  readonly id: string
  readonly index: number
  readonly curve: Curve
  readonly slots: number
  readonly saysComputeMs: boolean
  readonly network: Network
  /** One way, from the Worker of an isolate beyond the network's time. */
  readonly farMs?: (isolate: number) => number
  readonly isAbortable: boolean
  readonly isAsleep: boolean
  readonly coldStartMs: number
}

/** Answers that cost no decode come after this. */
const INSTANT_MS = 5
/** A crash loop serves one and dies of the next. */
const CRASH_AFTER_MS = 100

export class SimBackend {
  readonly settings: BackendSettings
  readonly faults: FaultPlan
  /** Decodes done, also those that no client waits for any more. */
  decodes = 0
  /** When it last worked on what no client waits for, or under a fault: what was done to it outlasts both. */
  troubledAt = 0

  readonly #engine: Engine
  readonly #seed: number
  readonly #gauge: IdleGauge
  readonly #queue: Attempt[] = []
  readonly #running = new Set<Attempt>()
  readonly #power: Power
  /** Decodes of each shape since it came up. */
  readonly #shapes = new Map<object, number>()
  #isIdle = false

  constructor(
    settings: BackendSettings,
    faults: FaultPlan,
    world: { engine: Engine; gauge: IdleGauge; seed: number },
  ) {
    this.settings = settings
    this.faults = faults
    this.#engine = world.engine
    this.#gauge = world.gauge
    this.#seed = world.seed
    this.#power = new Power({
      engine: world.engine,
      isHeldDown: () => faults.meets(world.engine.now, -1, 0) === 'crash',
      changed: () => this.#powerChanged(),
    })
    if (settings.isAsleep) this.#power.state = 'asleep'
    for (const fault of faults.all) this.#engine.schedule(fault.from, this.#begin, fault)
    this.#mark()
  }

  /** Resolves with the head of the answer; rejects when the connection ends before, or is given up. */
  send(flight: Flight, attemptId: string, signal: AbortSignal): Attempt {
    const { now } = this.#engine
    const { uploadMs } = this.settings.network
    const farMs = this.#farMs(flight)
    const latencyMs = this.settings.network.latencyMs + farMs
    const attempt = new Attempt(flight, this.settings.index, attemptId, signal, this.#hungUp)
    attempt.fate =
      this.#power.state === 'dead' ? 'refuse' : this.faults.meets(now, flight.serial, attempt.nth)
    if (attempt.fate === 'refuse') this.#engine.schedule(now + 2 * latencyMs, this.#break, attempt)
    else if (attempt.fate === 'connect-timeout')
      this.#engine.schedule(now + CONNECT_TIMEOUT_MS, this.#break, attempt)
    else this.#engine.schedule(now + farMs + this.#vary(attempt, uploadMs), this.#arrive, attempt)
    return attempt
  }

  /** Puts it out as if its process had died; it comes back by itself unless a fault keeps it down. */
  crash(): void {
    const lost = [...this.#running, ...this.#queue]
    const { now } = this.#engine
    this.#gauge.changeWaiting(-this.#queue.length, now)
    this.#queue.length = 0
    this.#running.clear()
    for (const attempt of lost)
      this.#engine.schedule(now + this.settings.network.latencyMs, this.#break, attempt)
    this.#power.start('dead', RESTART_MS)
  }

  /** What a probe finds, of which it hears after the time that probes take. */
  probe(test: ProbeTest, serial: number): ProbeResult {
    if (this.#power.state === 'asleep' && test !== 'health') this.#wake()
    if (this.#power.state === 'dead') return 'failed'
    if (this.#power.state !== 'ready') return 'asleep'
    const fault = this.faults.meets(this.#engine.now, serial, 0)
    if (fault === 'refuse' || fault === 'connect-timeout' || fault === 'crash') return 'failed'
    if (fault === 'misconfigured' || fault === 'busy') return 'failed'
    if (test !== 'decode' || fault === null) return 'passed'
    return fault === 'grey' || fault === 'oom' || fault === 'cold' ? 'passed' : 'failed'
  }

  #farMs({ isolate }: Flight): number {
    return this.settings.farMs?.(isolate) ?? 0
  }

  readonly #break = (attempt: Attempt): void => attempt.broken()

  /** The decode ends with its connection only where a backend can do that. */
  readonly #hungUp = (attempt: Attempt): void => {
    if (!this.settings.isAbortable) return
    const place = this.#queue.indexOf(attempt)
    if (place >= 0) {
      this.#queue.splice(place, 1)
      this.#gauge.changeWaiting(-1, this.#engine.now)
    }
    if (this.#running.delete(attempt)) this.#startNext()
  }

  readonly #arrive = (attempt: Attempt): void => {
    // The gateway hung up before the body was there.
    if (attempt.isOver) return
    const { now } = this.#engine
    if (this.#power.state === 'asleep') this.#wake()
    if (this.#power.state === 'dead') {
      this.#engine.schedule(now + this.settings.network.latencyMs, this.#break, attempt)
      return
    }
    const refusal =
      this.#power.state === 'starting' ? coldAnswer(this.#power.readyAt - now) : refusalFor(attempt.fate)
    if (refusal) this.#reply(attempt, refusal, INSTANT_MS)
    else if (attempt.fate !== 'hang') {
      this.#queue.push(attempt)
      this.#gauge.changeWaiting(1, now)
      this.#startNext()
    }
  }

  #startNext(): void {
    while (this.#running.size < this.settings.slots && this.#queue.length > 0) {
      const attempt = this.#queue.shift() as Attempt
      this.#running.add(attempt)
      const { now } = this.#engine
      this.#gauge.changeWaiting(-1, now)
      const ms = this.#occupationMs(attempt)
      if (Number.isFinite(ms)) this.#engine.schedule(now + ms, this.#finish, attempt)
    }
    this.#mark()
  }

  /** How long the request keeps the GPU. */
  #occupationMs(attempt: Attempt): number {
    const { flight, fate, nth } = attempt
    const { order, serial, isPoison } = flight
    const nthOfShape = (this.#shapes.get(order) ?? 0) + 1
    this.#shapes.set(order, nthOfShape)
    const decodeMs = this.settings.curve.decodeMs({
      ...order.size,
      nthOfShape,
      upForMs: this.#engine.now - this.#power.upSince,
      random: () => luckOf(this.#seed, serial, nth, 1_000 + this.settings.index),
    })
    attempt.decodeMs = decodeMs * (fate === 'grey' ? GREY_FACTOR : 1)
    if (isPoison || this.#crashesOf(attempt) || isOutOfMemory(attempt)) return CRASH_AFTER_MS
    return fate === 'reset' ? attempt.decodeMs / 2 : attempt.decodeMs
  }

  #crashesOf({ fate }: Attempt): boolean {
    return fate === 'crash-loop' && this.decodes % 2 === 1
  }

  readonly #finish = (attempt: Attempt): void => {
    // It was aborted, or went down with its backend.
    if (!this.#running.has(attempt)) return
    const isFatal = attempt.flight.isPoison || this.#crashesOf(attempt)
    this.decodes++
    if (attempt.isOver || attempt.fate !== null) this.troubledAt = this.#engine.now
    if (isFatal) {
      this.crash()
      return
    }
    if (attempt.fate === 'reset')
      this.#engine.schedule(this.#engine.now + this.settings.network.latencyMs, this.#break, attempt)
    else this.#reply(attempt, answerTo(attempt, this.settings.saysComputeMs), 0)
    this.#running.delete(attempt)
    this.#startNext()
  }

  #reply(attempt: Attempt, reply: Reply, afterMs: number): void {
    const latencyMs = this.settings.network.latencyMs + this.#farMs(attempt.flight)
    this.#engine.schedule(this.#engine.now + afterMs + latencyMs, this.#deliver, { attempt, reply })
  }

  readonly #deliver = ({ attempt, reply }: { attempt: Attempt; reply: Reply }): void => {
    const { downloadMs } = this.settings.network
    attempt.answered(answerOf({ ...reply, downloadMs }, attempt.signal, this.#engine))
  }

  readonly #begin = (fault: Fault): void => {
    const { now } = this.#engine
    if (fault.everyMs > 0) this.#engine.schedule(now + fault.everyMs, this.#begin, fault)
    if (fault.kind === 'crash')
      this.#engine.schedule(now + fault.until - fault.from + 1, this.#power.heal, null)
    if (fault.kind === 'crash') this.crash()
    if (fault.kind === 'cold' && this.#power.state === 'ready') this.#power.fallAsleep()
  }

  #wake(): void {
    this.#power.start('starting', this.settings.coldStartMs)
  }

  #powerChanged(): void {
    if (this.#power.state === 'ready') this.#shapes.clear()
    this.#mark()
  }

  #vary(attempt: Attempt, ms: number): number {
    const { index, network } = this.settings
    const luck = luckOf(this.#seed, attempt.flight.serial, attempt.nth, index)
    return ms * (1 + network.jitter * (2 * luck - 1))
  }

  #mark(): void {
    const isIdle = this.#power.state === 'ready' && this.#running.size === 0
    if (isIdle === this.#isIdle) return
    this.#isIdle = isIdle
    this.#gauge.changeIdle(isIdle ? 1 : -1, this.#engine.now)
  }
}
