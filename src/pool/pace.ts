/** How fast a backend is, learnt from what it did; and what that says of the next decode. */
import type { BackendState, Lease, Pace } from './state.ts'

/** One decode moves the estimate to twice or half of it at most: a first one pays for warming up. */
const MAX_CHANGE = 2
/** Weight of one decode once there are enough. */
const SMOOTHING = 0.1

/** Decodes after which a pace is more than a guess, unless they are all over the place. */
const LEARNT_SAMPLES = 5

const SPREAD_FROM = 3
/** Spread beyond which nobody should be held to an expectation. */
const MAX_SPREAD = 0.3

export const isLearnt = ({ samples, spread }: Pace): boolean =>
  samples >= LEARNT_SAMPLES && spread < MAX_SPREAD

/** From the Worker's request to the backend's first byte, where nothing measures it. */
const UNMEASURED_TRANSFER_MS = 20
const MAX_GAP_MS = 2_000

/** Of what an unknown backend is expected to take. */
const GUESS_SHARE = 0.2

export const SLOW_START_MS = 30_000
/** The first decodes of a process take about so much longer. */
const SLOW_START_FACTOR = 2

/** Decode time that a job is expected to take on this backend. */
export function expectedMs(backend: BackendState, predictedMs: number, now: number): number {
  const expected = predictedMs * backend.pace.speed
  if (backend.health.kind !== 'slow-start') return expected
  const warmth = Math.min(1, Math.max(0, (now - backend.health.since) / SLOW_START_MS))
  return expected * (SLOW_START_FACTOR - (SLOW_START_FACTOR - 1) * warmth)
}

/** The least time that it can be expected to take: no reason to refuse a job that may well be done in time. */
export const soonestMs = ({ pace }: BackendState, predictedMs: number): number =>
  predictedMs * soonestShare(pace)

/** The same for a prediction of one. */
export const soonestShare = (pace: Pace): number =>
  pace.speed * (isLearnt(pace) ? Math.exp(-pace.spread) : GUESS_SHARE)

/** Two spreads cover most decodes; no backend is taken to be worse than this, or it would never be tried again. */
const RISK_SPREADS = 2
const MAX_RISK = Math.exp(RISK_SPREADS * 0.6)

/** What a decode may well take on top on a backend that is all over the place; nothing on others. */
export function riskMs({ pace }: BackendState, expectedMs: number): number {
  if (pace.spread <= MAX_SPREAD) return 0
  const risk = Math.min(MAX_RISK, Math.exp(RISK_SPREADS * pace.spread))
  return expectedMs * (risk - Math.exp(RISK_SPREADS * MAX_SPREAD))
}

/** Three cover nearly all of them. */
const WORST_SPREADS = 3

/** What a decode takes at worst on a backend that is all over the place; what is expected on others. */
export const worstMs = ({ pace }: BackendState, expectedMs: number): number =>
  pace.spread > MAX_SPREAD ? expectedMs * Math.exp(WORST_SPREADS * pace.spread) : expectedMs

/** The first decodes show how fast a backend is; only from then on can one be off. */
function learnSpread({ speed, spread, samples }: Pace, ratio: number): number {
  if (samples < SPREAD_FROM) return spread
  const weight = Math.max(SMOOTHING, 1 / (samples - SPREAD_FROM + 1))
  return spread + weight * (Math.abs(Math.log(ratio / speed)) - spread)
}

export function learnSpeed(pace: Pace, predictedMs: number, actualMs: number): Pace {
  if (!(predictedMs > 0 && actualMs > 0)) return pace
  const ratio = actualMs / predictedMs
  const bounded = Math.min(pace.speed * MAX_CHANGE, Math.max(pace.speed / MAX_CHANGE, ratio))
  const weight = Math.max(SMOOTHING, 1 / (pace.samples + 1))
  const speed = pace.speed + weight * (bounded - pace.speed)
  return { ...pace, speed, spread: learnSpread(pace, ratio), samples: pace.samples + 1 }
}

/**
 * The dead time between a grant and the job's first byte at the backend: the way of the grant and of the message
 * that ended the lease, which is what its holder did not see, and the way from the Worker to the backend.
 *
 * @param attemptMs as the holder measured it
 * @param computeMs as the backend did
 */
export function learnGap(pace: Pace, lease: Lease, now: number, attemptMs: number, computeMs?: number): Pace {
  const hopsMs = now - lease.grantedAt - attemptMs
  const isAlone = lease.phase === 'running' && lease.startsAt - lease.grantedAt <= pace.gapMs
  const transferMs = computeMs !== undefined && isAlone ? attemptMs - computeMs : UNMEASURED_TRANSFER_MS
  const gapMs = Math.min(MAX_GAP_MS, Math.max(1, hopsMs + transferMs))
  if (!Number.isFinite(gapMs)) return pace
  return { ...pace, gapMs: pace.gapMs + SMOOTHING * (gapMs - pace.gapMs) }
}

export const learnColdStart = (pace: Pace, ms: number): Pace => ({
  ...pace,
  coldStartMs: pace.coldStartMs + 0.3 * (Math.max(1_000, ms) - pace.coldStartMs),
})
