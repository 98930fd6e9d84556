/** Late binding without a mind of its own: one queue, first come first served, to whoever has room first. */
import type { Attempt, Question } from '../model/flight.ts'
import { deadTimeMs } from '../model/network.ts'
import { OutlierEjection } from './ejection.ts'
import type { Policy, PolicyFactory, PolicyHost } from './policy.ts'

interface Place {
  readonly leaseId: number
  readonly predictedMs: number
  endsAt: number
}

/** @param isEarly whether the next job is sent when the one before it is about to end */
export const centralPolicy =
  (name: string, isEarly: boolean): PolicyFactory =>
  (host) =>
    new CentralQueue(name, isEarly, host)

class CentralQueue implements Policy {
  readonly name: string
  readonly isCentral = true
  readonly knowsPauses = false
  readonly #host: PolicyHost
  readonly #leadMs: number
  readonly #places: Place[][]
  readonly #ejection: OutlierEjection
  #queue: Question[] = []
  #nextLeaseId = 1
  #turn = 0

  constructor(name: string, isEarly: boolean, host: PolicyHost) {
    this.name = name
    this.#host = host
    this.#leadMs = isEarly ? deadTimeMs(host.network) : Number.NEGATIVE_INFINITY
    this.#places = host.backends.map(() => [])
    this.#ejection = new OutlierEjection(host.backends.length)
  }

  acquire(question: Question): void {
    if (question.flight.excluded.length >= this.#places.length) {
      this.#host.refused(question, 'exhausted', 0)
      return
    }
    this.#queue.push(question)
    this.#grantAll()
  }

  cancel(question: Question): void {
    if (!this.#queue.includes(question)) return
    this.#queue = this.#queue.filter((other) => other !== question)
    this.#host.refused(question, 'cancelled', 0)
  }

  free(attempt: Attempt): void {
    const { now } = this.#host.engine
    const places = this.#places[attempt.backend] as Place[]
    const at = places.findIndex(({ leaseId }) => leaseId === attempt.leaseId)
    if (at < 0) return
    places.splice(at, 1)
    const next = places[0]
    if (next) next.endsAt = now + next.predictedMs
    this.#grantAll()
  }

  abandon(attempt: Attempt): void {
    this.free(attempt)
  }

  renew(): void {}

  report(...[{ backend }, { kind }]: Parameters<Policy['report']>): void {
    this.#ejection.learn(backend, kind === 'served', this.#host.engine.now)
  }

  probed(): void {}

  #grantAll(): void {
    for (let at = 0; at < this.#queue.length; ) {
      const question = this.#queue[at] as Question
      const backend = this.#roomFor(question)
      if (backend === undefined) {
        // The first that waits for anybody waits for all behind it.
        if (question.flight.excluded.length === 0) return
        at++
        continue
      }
      this.#queue.splice(at, 1)
      this.#grant(question, backend)
    }
  }

  /** Idle ones first, in rotation; then the first that is about to be free. */
  #roomFor({ flight }: Question): number | undefined {
    const { now } = this.#host.engine
    const count = this.#places.length
    let staged: number | undefined
    let isAnyIn = false
    for (let i = 0; i < count; i++) {
      const backend = (this.#turn + i) % count
      if (flight.excluded.includes(backend) || this.#ejection.isOut(backend, now)) continue
      isAnyIn = true
      const places = this.#places[backend] as Place[]
      if (places.length === 0) return backend
      if (places.length === 1 && (places[0] as Place).endsAt - now <= this.#leadMs) staged ??= backend
    }
    if (isAnyIn) return staged
    return this.#places.findIndex(
      (places, backend) => !flight.excluded.includes(backend) && places.length === 0,
    )
  }

  #grant(question: Question, backend: number): void {
    const { engine, network } = this.#host
    const { predictedMs } = question.flight
    const places = this.#places[backend] as Place[]
    const beginsAt = Math.max(places[0]?.endsAt ?? 0, engine.now + deadTimeMs(network) - network.latencyMs)
    const leaseId = this.#nextLeaseId++
    places.push({ leaseId, predictedMs, endsAt: beginsAt + predictedMs })
    this.#turn = backend + 1
    const startsInMs = beginsAt - engine.now
    this.#host.granted(question, { backend, leaseId, startsInMs, expectedMs: predictedMs, isLearnt: false })
    const roomAt = beginsAt + predictedMs - this.#leadMs
    if (Number.isFinite(roomAt)) engine.schedule(roomAt, this.#wake, null)
  }

  readonly #wake = (): void => this.#grantAll()
}
