/** The right to one place on a backend, as its holder in the Worker sees it. */
import type { Evidence } from './events.ts'
import type { Timings } from './protocol.ts'

/** Held until freed or disposed. Every call may come at any time and any number of times. */
export interface Lease extends Disposable {
  readonly backendId: string
  /** Until the backend gets to this job. */
  readonly startsInMs: number
  readonly expectedMs: number
  /** How far decodes are from that, as a smoothed mean. */
  readonly deviationMs: number
  /** The job waited for a backend to start. */
  readonly waitedForStart: boolean
  /** Whether that is learnt from its decodes, or a guess. */
  readonly isLearnt: boolean
  /** Whether the pool's object knows nothing of it. */
  readonly isLocal: boolean
  /** Backends beside it that stood idle when it was granted, the quickest first. */
  readonly idle: readonly string[]
  /** Renews the lease now and then, until it is freed or disposed. */
  keep(): void
  /** It is for another job than it was asked for: a part of a batch, say. Expectations change with it. */
  resize(predictedMs: number): void
  /** The GPU is done with the job. */
  free(timings: Timings): void
  /** Resolves when the pool knows it, or cannot be told; never rejects. */
  report(evidence: Evidence): Promise<void>
}

export interface LocalLeaseParts {
  readonly predictedMs: number
  readonly learn: (evidence: Evidence) => void
  /** It counts no longer. */
  readonly leave: () => void
}

/** A lease that nobody but this isolate knows of. */
export function localLease(backendId: string, { predictedMs, learn, leave }: LocalLeaseParts): Lease {
  let expectedMs = predictedMs
  return {
    backendId,
    startsInMs: 0,
    get expectedMs() {
      return expectedMs
    },
    deviationMs: 0,
    waitedForStart: false,
    isLearnt: false,
    isLocal: true,
    // Nobody knows what other isolates have sent where.
    idle: [],
    resize: (changed) => {
      expectedMs = changed
    },
    keep: () => undefined,
    free: leave,
    report: async (evidence) => learn(evidence),
    [Symbol.dispose]: leave,
  }
}
