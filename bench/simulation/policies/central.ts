/** Late binding without a mind of its own: one queue, first come first served, to the backend that has room first. */
import type { Signal } from '../../../src/lib/signal.ts'
import type { SlotAnswer, SlotRequest } from '../../../src/pool/client.ts'
import type { Flight } from '../model/flight.ts'
import { deadTimeMs } from '../model/network.ts'
import { OutlierEjection } from './ejection.ts'
import { CANCELLED, EXHAUSTED, NO_HEDGE, plainLease } from './plain-lease.ts'
import { idOf, indexOf, type Policy, type PolicyFactory, type PolicyHost, type Slots } from './policy.ts'

interface Place {
  readonly predictedMs: number
  endsAt: number
}

interface Question {
  readonly predictedMs: number
  readonly tried: ReadonlySet<number>
  readonly answer: (answer: SlotAnswer) => void
}

/** @param isEarly whether the next job is sent when the one before it is about to end */
export const centralPolicy =
  (isEarly: boolean): PolicyFactory =>
  (host) =>
    new CentralQueue(isEarly, host)

/** As the shipped pool has it; what is foretold counts from when the backend gets to it. */
const PATIENCE_MS = 20_000

class CentralQueue implements Policy {
  readonly patienceMs = PATIENCE_MS
  readonly #host: PolicyHost
  readonly #leadMs: number
  readonly #places: Place[][]
  readonly #ejection: OutlierEjection
  #queue: Question[] = []
  #turn = 0

  constructor(isEarly: boolean, host: PolicyHost) {
    this.#host = host
    this.#leadMs = isEarly ? deadTimeMs(host.network) : Number.NEGATIVE_INFINITY
    this.#places = host.backends.map(() => [])
    this.#ejection = new OutlierEjection(host.backends.length)
  }

  slotsFor(flight: Flight): Slots {
    const tried = new Set<number>()
    return {
      acquire: (wanted, calledOff) => {
        if (wanted.purpose === 'hedge') return Promise.resolve(NO_HEDGE)
        for (const id of wanted.exclude) tried.add(indexOf(id))
        if (tried.size >= this.#places.length) {
          tried.clear()
          return Promise.resolve(EXHAUSTED)
        }
        return this.#ask(flight, wanted, tried, calledOff)
      },
    }
  }

  /** Over the network and back. */
  #ask(
    { workMs: predictedMs }: Flight,
    { remainingMs }: SlotRequest,
    tried: Set<number>,
    calledOff: Signal,
  ): Promise<SlotAnswer> {
    const { engine, network } = this.#host
    return new Promise((resolve) => {
      const answer = (slot: SlotAnswer): void => {
        calledOff.removeEventListener('abort', leave)
        if (slot.ok) tried.add(indexOf(slot.lease.backendId))
        engine.schedule(engine.now + network.hopMs, resolve, slot)
      }
      const question: Question = { predictedMs, tried, answer }
      const refuse = (slot: SlotAnswer): void => {
        if (!this.#queue.includes(question)) return
        this.#queue = this.#queue.filter((other) => other !== question)
        this.#changeWaiting(-1)
        answer(slot)
      }
      const leave = (): void => refuse(CANCELLED)
      calledOff.addEventListener('abort', leave)
      const arrive = (): void => {
        if (calledOff.aborted) {
          answer(CANCELLED)
          return
        }
        this.#changeWaiting(1)
        this.#queue.push(question)
        this.#grantAll()
      }
      engine.schedule(engine.now + network.hopMs, arrive, null)
      const late: SlotAnswer = { ok: false, reason: 'deadline', retryAfterMs: 0 }
      engine.schedule(engine.now + remainingMs, () => refuse(late), null)
    })
  }

  #changeWaiting(by: number): void {
    this.#host.gauge.changeWaiting(by, this.#host.engine.now)
  }

  #grantAll(): void {
    for (let at = 0; at < this.#queue.length; ) {
      const question = this.#queue[at] as Question
      const backend = this.#roomFor(question)
      if (backend === undefined) {
        // The first that waits for anybody waits for all behind it.
        if (question.tried.size === 0) return
        at++
        continue
      }
      this.#queue.splice(at, 1)
      this.#changeWaiting(-1)
      this.#grant(question, backend)
    }
  }

  /** Idle ones first, in rotation; then the first that is about to be free. */
  #roomFor({ tried }: Question): number | undefined {
    const { now } = this.#host.engine
    const count = this.#places.length
    let staged: number | undefined
    let isAnyIn = false
    for (let i = 0; i < count; i++) {
      const backend = (this.#turn + i) % count
      if (tried.has(backend) || this.#ejection.isOut(backend, now)) continue
      isAnyIn = true
      const places = this.#places[backend] as Place[]
      if (places.length === 0) return backend
      if (places.length === 1 && (places[0] as Place).endsAt - now <= this.#leadMs) staged ??= backend
    }
    if (isAnyIn) return staged
    const last = this.#places.findIndex((places, backend) => !tried.has(backend) && places.length === 0)
    return last < 0 ? undefined : last
  }

  #grant({ predictedMs, answer }: Question, backend: number): void {
    const { engine, network } = this.#host
    const places = this.#places[backend] as Place[]
    const beginsAt = Math.max(places[0]?.endsAt ?? 0, engine.now + deadTimeMs(network) - network.latencyMs)
    const place: Place = { predictedMs, endsAt: beginsAt + predictedMs }
    places.push(place)
    this.#turn = backend + 1
    const foretold = { startsInMs: beginsAt - engine.now, expectedMs: predictedMs }
    const lease = plainLease(idOf(backend), foretold, {
      ended: () => engine.schedule(engine.now + network.hopMs, () => this.#free(backend, place), null),
      reported: ({ kind }) => this.#ejection.learn(backend, kind === 'served', engine.now),
    })
    answer({ ok: true, lease })
    const roomAt = beginsAt + predictedMs - this.#leadMs
    if (Number.isFinite(roomAt)) engine.schedule(roomAt, this.#wake, null)
  }

  #free(backend: number, place: Place): void {
    const places = this.#places[backend] as Place[]
    places.splice(places.indexOf(place), 1)
    const [next] = places
    if (next) next.endsAt = this.#host.engine.now + next.predictedMs
    this.#grantAll()
  }

  readonly #wake = (): void => this.#grantAll()
}
