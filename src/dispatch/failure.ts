/** What can go wrong in one attempt, as values. */
import type { ProblemCode } from '../errors/codes.ts'
import type { Evidence } from '../pool/events.ts'
import type { Signature } from '../pool/state.ts'
import type { DecodeJob } from './job.ts'

/**
 * - `unreachable`: no connection, or broken off at once
 * - `crashed`: broken off when the backend had had time to work on it
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
  | 'crashed'
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

/** A backend that asks for time is asked again after this, when it did not say. */
export const DEFAULT_PAUSE_MS: Readonly<Record<'cold' | 'busy', number>> = { cold: 5_000, busy: 1_000 }

/**
 * Whether a backend only asked for time. Nothing was decoded, the pool knows when to go back, and the request is as
 * good as one that was never sent.
 */
export const isTransparent = ({ reason }: Failure): boolean => reason === 'cold' || reason === 'busy'

/** Whether a GPU may have worked for nothing: what was refused, or never arrived, cost no decode. */
export const wastesDecode = ({ reason }: Failure): boolean => !FREE.has(reason)

const FREE: ReadonlySet<FailureReason> = new Set([
  'unreachable',
  'misconfigured',
  'too-large',
  'cold',
  'busy',
])

/**
 * What a failure says of its backend; null when it refused a request that may deserve it, which one attempt cannot
 * tell.
 */
export function evidenceOf(
  failure: Failure,
  { model, predictedMs }: Pick<DecodeJob, 'model' | 'predictedMs'>,
): Evidence | null {
  switch (failure.reason) {
    case 'unreachable':
      return { kind: 'unreachable' }
    case 'crashed':
      return { kind: 'hard', model }
    case 'timed-out':
      return { kind: 'soft', model, isTimeout: true }
    case 'broke-off':
    case 'invalid':
    case 'server-error':
      return { kind: 'soft', model }
    case 'misconfigured':
      return { kind: 'misconfigured', model }
    case 'cold':
      return { kind: 'cold' }
    case 'busy':
      return { kind: 'busy', model, retryAfterMs: failure.retryAfterMs ?? DEFAULT_PAUSE_MS.busy }
    case 'out-of-memory':
    case 'too-large':
      return { kind: 'out-of-memory', model, predictedMs }
    case 'rejected':
      return null
  }
}

/** Failures for which the backend is to blame once another backend has served the same request. */
const BLAMED: ReadonlySet<FailureReason> = new Set([
  'crashed',
  'timed-out',
  'broke-off',
  'invalid',
  'server-error',
  'misconfigured',
  'rejected',
])

/** Backends that failed a request which `servedBy` then served. */
export const blamedBackends = (failures: readonly Failure[], servedBy: string): string[] =>
  backendsOf(failures, BLAMED, servedBy)

/** Backends that ran out of memory for such a request. */
export const smallerBackends = (failures: readonly Failure[], servedBy: string): string[] =>
  backendsOf(failures, TOO_LARGE, servedBy)

const TOO_LARGE: ReadonlySet<FailureReason> = new Set(['out-of-memory', 'too-large'])

function backendsOf(
  failures: readonly Failure[],
  reasons: ReadonlySet<FailureReason>,
  servedBy: string,
): string[] {
  const failed = failures.filter(({ reason, backendId }) => reasons.has(reason) && backendId !== servedBy)
  return [...new Set(failed.map(({ backendId }) => backendId))]
}

/** Shorter than this a connection may have taken to be refused. */
const MIN_WORK_MS = 50
const WORK_SHARE = 0.3

/**
 * Why a connection ended without an answer: the runtime does not say whether it was refused or reset, but a refusal is
 * quick.
 */
export const whyBroken = (
  elapsedMs: number,
  { startsInMs, expectedMs }: { readonly startsInMs: number; readonly expectedMs: number },
): 'unreachable' | 'crashed' =>
  elapsedMs >= Math.max(MIN_WORK_MS, startsInMs + WORK_SHARE * expectedMs) ? 'crashed' : 'unreachable'

/** How the pool tells failures of one job apart. */
export const SIGNATURE_OF: Readonly<Record<FailureReason, Signature>> = {
  unreachable: 'unreachable',
  crashed: 'crash',
  'timed-out': 'hang',
  'broke-off': 'truncated',
  invalid: 'invalid',
  'server-error': 'error',
  rejected: 'rejected',
  misconfigured: 'other',
  cold: 'other',
  busy: 'busy',
  'out-of-memory': 'other',
  'too-large': 'other',
}

/** What the client is told when this was the last attempt. */
export const PROBLEM_OF: Readonly<Record<FailureReason, ProblemCode>> = {
  unreachable: 'upstream-unreachable',
  crashed: 'upstream-unreachable',
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
