/** What policies that bind early may know of the backends: who has how much in flight, as seen by all or by one isolate. */
/** Latency is forgotten at this pace (Finagle, linkerd). */
const EWMA_TAU_MS = 10_000

/** A request as its sender knows it. */
export interface Load {
  readonly isolate: number
  readonly predictedMs: number
}

export class Book {
  readonly backends: number
  /** Requests in flight, seen by all. */
  readonly inFlight: number[]
  /** When each backend is done with all it has, by prediction. */
  readonly freeAt: number[]
  /** Who has been told to be idle, longest first. */
  readonly idle: number[]
  readonly #predicted: number[][]
  readonly #local = new Map<number, number[]>()
  readonly #latencies = new Map<number, { cost: number; at: number }[]>()

  constructor(backends: number) {
    this.backends = backends
    this.inFlight = new Array<number>(backends).fill(0)
    this.freeAt = new Array<number>(backends).fill(0)
    this.idle = Array.from({ length: backends }, (_, index) => index)
    this.#predicted = Array.from({ length: backends }, () => [])
  }

  sent({ isolate, predictedMs }: Load, backend: number, now: number): void {
    this.inFlight[backend] = (this.inFlight[backend] as number) + 1
    this.localCounts(isolate)[backend] = (this.localCounts(isolate)[backend] as number) + 1
    this.freeAt[backend] = Math.max(now, this.freeAt[backend] as number) + predictedMs
    this.#predicted[backend]?.push(predictedMs)
    const place = this.idle.indexOf(backend)
    if (place >= 0) this.idle.splice(place, 1)
  }

  /** @param latencyMs null when it ended without an answer */
  done({ isolate, predictedMs }: Load, backend: number, latencyMs: number | null, now: number): void {
    const count = (this.inFlight[backend] as number) - 1
    this.inFlight[backend] = count
    this.localCounts(isolate)[backend] = (this.localCounts(isolate)[backend] as number) - 1
    const left = this.#predicted[backend] as number[]
    left.splice(left.indexOf(predictedMs), 1)
    // What was taken off the queue is known; how far the next one has come is not.
    this.freeAt[backend] = now + left.reduce((sum, ms) => sum + ms, 0)
    if (count === 0) this.idle.push(backend)
    if (latencyMs !== null) this.#learnLatency(isolate, backend, latencyMs, now)
  }

  /** Requests that this isolate has in flight. */
  localCounts(isolate: number): number[] {
    return known(this.#local, isolate, () => new Array<number>(this.backends).fill(0))
  }

  /** Peak EWMA: rises at once, decays with time. Milliseconds. */
  latencyOf(isolate: number, backend: number, now: number): number {
    const { cost, at } = this.#latenciesOf(isolate)[backend] as { cost: number; at: number }
    return cost * Math.exp((at - now) / EWMA_TAU_MS)
  }

  #learnLatency(isolate: number, backend: number, latencyMs: number, now: number): void {
    const entry = this.#latenciesOf(isolate)[backend] as { cost: number; at: number }
    const weight = Math.exp((entry.at - now) / EWMA_TAU_MS)
    entry.cost = Math.max(latencyMs, entry.cost * weight + latencyMs * (1 - weight))
    entry.at = now
  }

  #latenciesOf(isolate: number): { cost: number; at: number }[] {
    return known(this.#latencies, isolate, () =>
      Array.from({ length: this.backends }, () => ({ cost: 30, at: 0 })),
    )
  }
}

function known<V>(map: Map<number, V>, key: number, make: () => V): V {
  const value = map.get(key)
  if (value !== undefined) return value
  const fresh = make()
  map.set(key, fresh)
  return fresh
}
