/** What a failed attempt says about its backend, and whether it is tried again: the gateway's own rules. */
import { attemptTimeoutMs, hangAfterMs } from '../../../src/dispatch/deadline.ts'
import {
  evidenceOf,
  type FailureReason,
  isTransparent,
  isVote,
  SIGNATURE_OF,
  wastesDecode,
  whyBroken,
} from '../../../src/dispatch/failure.ts'
import { excludedBackends, mayRetry, maySecondRound } from '../../../src/dispatch/retry-policy.ts'
import type { Evidence, RejectReason } from '../../../src/pool/events.ts'
import type { Signature } from '../../../src/pool/state.ts'
import type { FailedAttempt, Flight, Grant, Outcome } from './flight.ts'

/** All jobs are for one model: models share nothing but backends. */
export const MODEL = 'sdxl'

/** The least patience that operators are given. */
const PATIENCE_MS = 20_000

/** @returns null when the request may be at fault as well */
export function verdictOf(outcome: Outcome, backend: number, { predictedMs }: Flight): Evidence | null {
  if (outcome.kind === 'answer') return { kind: 'served' }
  const { reason, retryAfterMs } = outcome
  return evidenceOf({ reason, backendId: backendId(backend), retryAfterMs }, { model: MODEL, predictedMs })
}

/** One request has one vote against backends: it may be what is wrong. */
export const mayReport = (flight: Flight, evidence: Evidence): boolean =>
  !isVote(evidence) || !flight.hasVoted

export { isVote, whyBroken }

export const signatureOf = (reason: FailureReason): Signature => SIGNATURE_OF[reason]

/** Failures that cost no decode, so that another try is no more than was asked for. */
export const isFree = (failure: FailedAttempt): boolean => !wastesDecode(failure)

/** A backend that starts or asks for time was no attempt: it may be asked again, when the pool says so. */
export const isPause = (reason: FailureReason): boolean => isTransparent({ reason, backendId: '' })

export const mayTryAgain = (flight: Flight, now: number): boolean =>
  mayRetry([...flight.failures, ...flight.pauses], flight.deadlineAt - now)

export const mayTryOnceMore = (flight: Flight, refusal: RejectReason, now: number): boolean =>
  flight.round === 1 && maySecondRound(refusal, flight.failures, flight.deadlineAt - now)

export const exclusionsOf = (flight: Flight): string[] => excludedBackends(flight.failures, flight.round)

export const backendId = (index: number): string => `b${index}`
export const backendIndex = (id: string): number => Number(id.slice(1))

/** Bodies are small next to everything else here. */
const BODY_BYTES = 0

export const timeoutMs = ({ startsInMs, expectedMs, isLearnt }: Grant, remainingMs: number): number =>
  attemptTimeoutMs(BODY_BYTES, { startsInMs, expectedMs, isLearnt }, PATIENCE_MS, remainingMs)

export const isHang = (elapsedMs: number, grant: Grant): boolean =>
  elapsedMs >= hangAfterMs(grant, PATIENCE_MS)
