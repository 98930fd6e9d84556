/**
 * Placing jobs without the pool's object, on what one isolate knows: two backends at random, the one with less in
 * flight from here. Predictions play no part, because a job that hangs is seen only by those who count.
 */
import type { Evidence } from './events.ts'

/** How a backend has treated this isolate. */
export interface Standing {
  /** In a row. */
  readonly failures: number
  readonly ejections: number
  /** Not before then: it failed too often. Unless there is no other. */
  readonly ejectedUntil: number
  /** Not before then: it asked for time. */
  readonly pausedUntil: number
}

export const UNKNOWN: Standing = { failures: 0, ejections: 0, ejectedUntil: 0, pausedUntil: 0 }

export interface Candidate {
  readonly id: string
  readonly slots: number
  /** From this isolate. */
  readonly inFlight: number
  readonly standing: Standing
}

export type Placement =
  | { readonly ok: true; readonly backendId: string }
  | { readonly ok: false; readonly reason: 'exhausted' | 'queue-full'; readonly retryAfterMs: number }

const STRIKES = 2
const EJECTED_MS = 1_000
const MAX_AWAY_MS = 30_000
/** A backend that sleeps is not woken from here; somebody else may have done so after this. */
const COLD_MS = 5_000

/** Jobs per slot that one isolate may have in flight; other isolates do not ask either. */
const IN_FLIGHT_PER_SLOT = 2
const FULL_RETRY_AFTER_MS = 1_000

export function judge(standing: Standing, evidence: Evidence, now: number): Standing {
  switch (evidence.kind) {
    case 'served':
      return UNKNOWN
    case 'busy':
      return { ...standing, pausedUntil: now + Math.min(MAX_AWAY_MS, evidence.retryAfterMs) }
    case 'cold':
      return { ...standing, pausedUntil: now + COLD_MS }
    case 'unreachable':
    case 'hard':
    case 'soft':
    case 'misconfigured': {
      const failures = standing.failures + 1
      if (failures < STRIKES) return { ...standing, failures }
      const ejections = standing.ejections + 1
      const awayMs = Math.min(MAX_AWAY_MS, EJECTED_MS * 2 ** (ejections - 1))
      return { ...standing, failures: 0, ejections, ejectedUntil: now + awayMs }
    }
    case 'out-of-memory':
      return standing
  }
}

/**
 * @param candidates that serve the model and have not failed the job
 * @param random two numbers in [0, 1)
 */
export function place(
  candidates: readonly Candidate[],
  random: readonly [number, number],
  now: number,
): Placement {
  if (candidates.length === 0) return { ok: false, reason: 'exhausted', retryAfterMs: 0 }
  const awake = candidates.filter(({ standing }) => standing.pausedUntil <= now)
  if (awake.length === 0) {
    const pauseMs = Math.min(...candidates.map(({ standing }) => standing.pausedUntil)) - now
    return { ok: false, reason: 'queue-full', retryAfterMs: pauseMs }
  }
  const trusted = awake.filter(({ standing }) => standing.ejectedUntil <= now)
  const usable = trusted.length > 0 ? trusted : awake
  const open = usable.filter(({ inFlight, slots }) => inFlight < IN_FLIGHT_PER_SLOT * slots)
  const backend = lighterOfTwo(open, random)
  return backend
    ? { ok: true, backendId: backend.id }
    : { ok: false, reason: 'queue-full', retryAfterMs: FULL_RETRY_AFTER_MS }
}

function lighterOfTwo(
  open: readonly Candidate[],
  [first, second]: readonly [number, number],
): Candidate | undefined {
  const at = Math.floor(first * open.length)
  // The second is another one: an offset of at least one, around the list.
  const offset = 1 + Math.floor(second * (open.length - 1))
  const a = open[at]
  const b = open[(at + offset) % open.length]
  if (!a || !b) return undefined
  return b.inFlight / b.slots < a.inFlight / a.slots ? b : a
}
