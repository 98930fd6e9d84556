/** What became of the requests. */

/** A request of a well-behaved client that did not get its picture, with all that may explain it. */
export interface FailedRequest {
  /** Seconds since the start of the run. */
  readonly at: number
  readonly requestId: string
  readonly what: string
  /** Code of the problem document, or of the socket's error. */
  readonly code: string
  readonly detail: string
  readonly seconds: number
  /** Backends that were faulty while it was under way. */
  readonly troubles: readonly string[]
  /** What the log said of it. */
  readonly log: readonly object[]
}

/** Failures that are kept whole; all of them are counted. */
const KEPT = 100

/** A request that is over counts as present for this long: slots are given back after the answer. */
const FAREWELL_MS = 3_000

export class Tally {
  readonly startedAt = performance.now()
  sent = 0
  served = 0
  /** Answers that broke off visibly after they were committed to, by a fault that was ours. */
  brokenVisibly = 0
  /** Requests that were not sent, because as many as may be were under way. */
  heldBack = 0
  inFlight = 0
  /** Requests that may hold a slot or wait for one, with those that just ended. */
  present = 0
  /** Most jobs that waited for a slot at a time, of what was seen. */
  mostQueued = 0
  readonly failures = new Map<string, number>()
  readonly failed: FailedRequest[] = []
  readonly wrongPictures: FailedRequest[] = []
  /** Answers to malformed requests that were not as they should be. */
  readonly misjudged: string[] = []
  readonly faults = new Map<string, number>()
  /** Seconds that requests took since the last line of the report. */
  #latencies: number[] = []

  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000
  }

  get failureCount(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0)
  }

  enter(): () => void {
    this.present++
    return () => setTimeout(() => this.present--, FAREWELL_MS).unref()
  }

  serve(seconds: number): void {
    this.served++
    this.#latencies.push(seconds)
  }

  fail(failure: FailedRequest): void {
    this.failures.set(failure.code, (this.failures.get(failure.code) ?? 0) + 1)
    if (this.failed.length < KEPT) this.failed.push(failure)
    if (failure.code === 'wrong-picture' && this.wrongPictures.length < KEPT) this.wrongPictures.push(failure)
  }

  countFault(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
  }

  /** Quantiles of the latencies since the last call, in seconds. */
  takeLatencies(...quantiles: readonly number[]): number[] {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    this.#latencies = []
    return quantiles.map((q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0)
  }
}
