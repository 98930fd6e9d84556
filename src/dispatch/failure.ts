/** What can go wrong in one attempt, as values. */
import type { ProblemCode } from '../errors/codes.ts'
import type { Evidence } from '../pool/state.ts'

/**
 * - `unreachable`: no connection, or broken off before an answer
 * - `timed-out`: no answer within the attempt's time
 * - `broke-off`: the body ended early
 * - `invalid`: not the answer that was asked for
 * - `server-error`: the backend or its proxy failed
 * - `misconfigured`: gone, or refusing us; its operator must act
 * - `cold`, `busy`: asks for time
 * - `out-of-memory`, `too-large`: cannot decode this much
 * - `rejected`: calls a request bad that we found good
 */
export type FailureReason =
  | 'unreachable'
  | 'timed-out'
  | 'broke-off'
  | 'invalid'
  | 'server-error'
  | 'misconfigured'
  | 'cold'
  | 'busy'
  | 'out-of-memory'
  | 'too-large'
  | 'rejected'

export interface Failure {
  readonly reason: FailureReason
  readonly backendId: string
  /** When the backend asked to be asked again, in milliseconds from now. */
  readonly retryAfterMs?: number
}

/** A paused backend is asked again after this, when it did not say. */
export const DEFAULT_PAUSE_MS: Readonly<Record<'cold' | 'busy', number>> = { cold: 5_000, busy: 1_000 }

/**
 * What a failure says against its backend; null when the request may be at fault as well, which one attempt cannot
 * tell.
 */
export function evidenceOf(failure: Failure): Evidence | null {
  switch (failure.reason) {
    case 'unreachable':
      return { kind: 'hard' }
    case 'timed-out':
    case 'broke-off':
    case 'invalid':
    case 'server-error':
      return { kind: 'soft' }
    case 'misconfigured':
      return { kind: 'misconfigured' }
    case 'cold':
    case 'busy':
      return { kind: 'busy', retryAfterMs: failure.retryAfterMs ?? DEFAULT_PAUSE_MS[failure.reason] }
    case 'out-of-memory':
    case 'too-large':
    case 'rejected':
      return null
  }
}

/** What the client is told when this was the last attempt. */
export const PROBLEM_OF: Readonly<Record<FailureReason, ProblemCode>> = {
  unreachable: 'upstream-unreachable',
  'timed-out': 'deadline-exceeded',
  'broke-off': 'upstream-unreachable',
  invalid: 'upstream-invalid-response',
  'server-error': 'upstream-error',
  misconfigured: 'upstream-misconfigured',
  cold: 'cold-start',
  busy: 'no-capacity',
  'out-of-memory': 'decode-too-large',
  'too-large': 'decode-too-large',
  rejected: 'rejected-by-backend',
}
