/** A place on a backend that was chosen without foresight: the policy that granted it is told when it ends, and how. */
import type { Lease } from '../../../src/pool/client.ts'
import type { Evidence } from '../../../src/pool/events.ts'
import type { Timings } from '../../../src/pool/protocol.ts'

interface Listener {
  /** Once. @param timings undefined when its holder left without a word */
  readonly ended: (timings: Timings | undefined) => void
  readonly reported: (evidence: Evidence) => void
}

export interface Foretold {
  readonly startsInMs: number
  readonly expectedMs: number
}

export function plainLease(
  backendId: string,
  { startsInMs, expectedMs }: Foretold,
  { ended, reported }: Listener,
): Lease {
  let isOver = false
  const end = (timings?: Timings): void => {
    if (isOver) return
    isOver = true
    ended(timings)
  }
  return {
    backendId,
    startsInMs,
    expectedMs,
    deviationMs: 0,
    isLearnt: false,
    waitedForStart: false,
    isLocal: false,
    idle: [],
    keep: () => undefined,
    resize: () => undefined,
    free: end,
    report: async (evidence) => reported(evidence),
    [Symbol.dispose]: () => end(),
  }
}

/** What a policy that knows no hedges says when it is asked for one. */
export const NO_HEDGE = { ok: false, reason: 'budget', retryAfterMs: 0 } as const
export const EXHAUSTED = { ok: false, reason: 'exhausted', retryAfterMs: 0 } as const
export const CANCELLED = { ok: false, reason: 'cancelled', retryAfterMs: 0 } as const
