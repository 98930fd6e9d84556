/** Whether a request is sent again, and when. Pure. */
import { readRetryAfter } from '../../wire/retry-after.ts'
import { ConnectionError, type VaeGatewayError } from '../errors.ts'
import type { RetryOptions } from '../options.ts'

export interface RetryPolicy {
  readonly attempts: number
  readonly maxDelayMs: number
}

const DEFAULT_POLICY: RetryPolicy = { attempts: 5, maxDelayMs: 30_000 }

/** Where nobody says when: this, doubled from try to try. */
const BACKOFF_MS = 500
/** Those who were told the same come back spread over this share of it, and over this much at least. */
const SPREAD = 0.25
const MIN_SPREAD_MS = 250

export function retryPolicy(options: RetryOptions | undefined): RetryPolicy {
  if (options === false) return { ...DEFAULT_POLICY, attempts: 1 }
  const { attempts, maxDelayMs } = options ?? {}
  return {
    attempts: attempts ?? DEFAULT_POLICY.attempts,
    maxDelayMs: maxDelayMs ?? DEFAULT_POLICY.maxDelayMs,
  }
}

/** What the gateway gave up after tries of its own, though it may go well with another backend or a moment later. */
const PASSING = new Set(['upstream-unreachable', 'upstream-error', 'upstream-invalid-response'])

/**
 * A decode has no effect but its answer, so one whose connection failed is sent again as well.
 *
 * @param attempt tries so far
 * @param random in [0, 1)
 * @returns milliseconds to wait; undefined when there is no point
 */
export function retryDelay(
  error: VaeGatewayError,
  attempt: number,
  { attempts, maxDelayMs }: RetryPolicy,
  random: number,
): number | undefined {
  if (!isPassing(error) || attempt >= attempts) return undefined
  const { retryAfterMs } = error
  if (retryAfterMs === undefined)
    return Math.min(maxDelayMs, BACKOFF_MS * 2 ** (attempt - 1)) * (0.5 + random / 2)
  if (retryAfterMs > maxDelayMs) return undefined
  return retryAfterMs + random * Math.max(MIN_SPREAD_MS, retryAfterMs * SPREAD)
}

const isPassing = (error: VaeGatewayError): boolean =>
  error.status === 429 || error.status === 503 || PASSING.has(error.code) || error instanceof ConnectionError

/** Milliseconds of a `Retry-After`, none for a date that is over. Undefined where it says neither seconds nor a date. */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  const ms = readRetryAfter(text, now)
  return ms === undefined ? undefined : Math.max(0, ms)
}
