/** What a failed attempt says about its backend, and whether it is tried again. */
import type { FailureReason } from '../../../src/dispatch/failure.ts'
import { excludedBackends, mayRetry, maySecondRound } from '../../../src/dispatch/retry-policy.ts'
import type { Evidence, Signature } from '../../../src/pool/state.ts'
import type { Flight, Outcome } from './flight.ts'

/** Evidence before the model and size of the job are put in. */
export type Verdict =
  | Exclude<Evidence['kind'], 'busy'>
  | { readonly kind: 'busy'; readonly retryAfterMs: number }

/** These say what the backend is, whoever asks, so they are told each time. */
const STATEMENTS = new Set<FailureReason>(['busy', 'cold', 'misconfigured', 'out-of-memory', 'too-large'])

/** @returns null when the request may be at fault as well */
export function verdictOf(outcome: Outcome): Verdict | null {
  if (outcome.kind === 'answer') return 'served'
  switch (outcome.reason) {
    case 'unreachable':
      return 'hard'
    case 'timed-out':
    case 'broke-off':
    case 'invalid':
    case 'server-error':
      return 'soft'
    case 'misconfigured':
      return 'misconfigured'
    case 'busy':
      return { kind: 'busy', retryAfterMs: outcome.retryAfterMs }
    case 'cold':
      return 'cold'
    case 'out-of-memory':
    case 'too-large':
      return 'out-of-memory'
    case 'rejected':
      return null
  }
}

/** One request has one vote against backends: it may be what is wrong. */
export const mayVote = (flight: Flight, reason: FailureReason): boolean =>
  STATEMENTS.has(reason) || !flight.hasVoted

export const isVote = (verdict: Verdict): boolean => verdict === 'hard' || verdict === 'soft'

const SIGNATURES: Partial<Record<FailureReason, Signature>> = {
  unreachable: 'unreachable',
  'timed-out': 'hang',
  'server-error': 'error',
  'broke-off': 'truncated',
  invalid: 'invalid',
  rejected: 'rejected',
}

export const signatureOf = (reason: FailureReason): Signature => SIGNATURES[reason] ?? 'other'

/** Failures that cost no decode, so that another try is no more than was asked for. */
export const isFree = (reason: FailureReason): boolean =>
  reason === 'unreachable' || reason === 'misconfigured'

export const mayTryAgain = (flight: Flight, now: number): boolean =>
  mayRetry(flight.failures, flight.deadlineAt - now)

export const mayTryOnceMore = (flight: Flight, now: number): boolean =>
  flight.round === 1 && maySecondRound(flight.failures, flight.deadlineAt - now)

export const exclusionsOf = (flight: Flight): string[] => excludedBackends(flight.failures, flight.round)

export const backendId = (index: number): string => `b${index}`
export const backendIndex = (id: string): number => Number(id.slice(1))

const MIN_TIMEOUT_MS = 2_000
const UNLEARNT_MIN_MS = 20_000

/** Time for an attempt from the moment that the backend gets to it. */
export const attemptTimeoutMs = (expectedMs: number | null, predictedMs: number): number =>
  expectedMs === null
    ? Math.max(UNLEARNT_MIN_MS, 10 * predictedMs)
    : Math.max(MIN_TIMEOUT_MS, 3 * expectedMs + 1_000)
