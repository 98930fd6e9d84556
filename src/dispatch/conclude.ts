/** What a client is told when no backend could serve it. */
import { type Problem, problem } from '../errors/problem.ts'
import type { RejectReason } from '../pool/events.ts'
import { DEFAULT_PAUSE_MS, type Failure, PROBLEM_OF } from './failure.ts'
import { isTransient } from './retry-policy.ts'

/**
 * The refusal of the pool, in the light of what was tried before. Mostly the last failure is the honest answer, since
 * without it nobody would have asked again. A refusal is told as it is where it says more: when to come back, or that
 * there is no point in it.
 */
export function concludeRefusal(
  refusal: { readonly reason: RejectReason | 'unreachable'; readonly retryAfterMs: number },
  failures: readonly Failure[],
): Problem {
  const last = failures.at(-1)
  const again = after(refusal.retryAfterMs)
  switch (refusal.reason) {
    case 'no-backend':
      return problem('no-backend', 'No backend is configured for this model.')
    case 'unreachable':
      return problem('pool-unavailable', 'The pool of this model did not answer.', { retryAfterSeconds: 1 })
    case 'exhausted':
    case 'deadline':
    case 'budget':
      if (last) return concludeFailures(failures)
      return problem('no-capacity', 'No backend was free before the deadline.', again)
    case 'down':
      if (last) return concludeFailures(failures)
      return problem('no-backend', 'All backends of this model are out of reach or out of service.', again)
    case 'cold':
      // Whatever failed before: when they are up, they may do better.
      return problem('cold-start', 'The backends of this model are asleep and will not be up in time.', again)
    case 'too-large':
      // The one that could have decoded it failed in passing, so it is worth another try.
      if (last && isTransient(last)) return concludeFailures(failures)
      return problem('decode-too-large', 'All backends of this model have run out of memory for less.')
    case 'repeated':
      return problem(
        'request-failed-repeatedly',
        'The request failed in the same way on two backends that serve others; another try would end alike.',
      )
    case 'over-share':
      return problem('quota-exceeded', 'This key has more waiting than its share of the pool.', again)
    case 'cancelled':
      return problem('client-closed-request', 'The client left while it waited.')
    case 'queue-full':
      return problem('no-capacity', 'The backends of this model have as much waiting as they may.', again)
  }
}

/** The last failure decides; the others were followed by another try. */
export function concludeFailures(failures: readonly Failure[]): Problem {
  const last = failures.at(-1)
  if (!last) return problem('internal-error', 'The request ended without an attempt.')
  const tried = failures.length === 1 ? '1 attempt' : `${failures.length} attempts`
  const detail = `${DETAILS[last.reason]} (${tried}).`
  const isPause = last.reason === 'busy' || last.reason === 'cold'
  const retryAfterMs = isPause ? (last.retryAfterMs ?? DEFAULT_PAUSE_MS[last.reason]) : 1_000
  return problem(PROBLEM_OF[last.reason], detail, PASSING.has(last.reason) ? after(retryAfterMs) : {})
}

/** Failures that a later try may not meet. */
const PASSING: ReadonlySet<Failure['reason']> = new Set([
  'unreachable',
  'crashed',
  'timed-out',
  'broke-off',
  'server-error',
  'cold',
  'busy',
])

const DETAILS: Readonly<Record<Failure['reason'], string>> = {
  unreachable: 'No backend could be reached',
  crashed: 'The backends broke off before they answered',
  'timed-out': 'No backend answered in time',
  'broke-off': 'The backends broke off in the middle of their answers',
  invalid: 'The backends answered, but not with what was asked for',
  'server-error': 'The backends answered with errors',
  misconfigured: 'The backends are gone or refuse the gateway',
  cold: 'The backends are starting up',
  busy: 'The backends are busy',
  'out-of-memory': 'The backends ran out of memory; send a smaller latent or picture',
  'too-large': 'The backends refuse one of this size; send a smaller latent or picture',
  rejected: 'The backends refuse this request, though its shape and length are right',
}

/** A client that is told more would sleep through a recovery; a backend may say whatever it likes. */
const MAX_RETRY_AFTER_SECONDS = 300

const after = (ms: number): { retryAfterSeconds: number } => ({
  retryAfterSeconds: Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(ms / 1000))),
})
