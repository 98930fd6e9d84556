/** What an answer other than 200 means. */
import { readRetryAfter } from '../wire/retry-after.ts'
import type { FailureReason } from './failure.ts'

/** Bytes of an error body that are looked at, and then thrown away: it may hold the latent itself. */
export const ERROR_HEAD_BYTES = 4_096

const OUT_OF_MEMORY = /out[ -]of[ -]memory|CUDA error|cudaErrorMemoryAllocation|OutOfMemory/i
const TOO_LARGE = /decode-too-large/

/** Codes of the edge in front of a backend for: down, no route, timed out on the way, TLS trouble, no such host. */
const EDGE_UNREACHABLE = new Set([521, 522, 523, 524, 525, 526, 530])

/**
 * The Hugging Face toolkit answers every exception with 400, CUDA out of memory included, so the text decides
 * before the status does. Any other 400 is evidence about backend or request: we found the request good.
 *
 * @param head the first bytes of the error body as text
 * @param scaleToZero whether 503 means asleep rather than busy
 */
export function classifyStatus(status: number, head: string, scaleToZero: boolean): FailureReason {
  if (status < 200 || (status >= 300 && status < 400)) return 'misconfigured'
  if (status < 300) return 'invalid'
  if (OUT_OF_MEMORY.test(head)) return 'out-of-memory'
  if (status === 413 || TOO_LARGE.test(head)) return 'too-large'
  if (status === 429) return 'busy'
  if (status === 503) return scaleToZero ? 'cold' : 'busy'
  if ([401, 402, 403, 404, 405, 410].includes(status)) return 'misconfigured'
  if (EDGE_UNREACHABLE.has(status)) return 'unreachable'
  return status >= 500 ? 'server-error' : 'rejected'
}

/** No backend that means it says more. */
const MAX_RETRY_AFTER_MS = 1e12

/** Of a backend's Retry-After; undefined when it is absent, over, or nonsense. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const ms = readRetryAfter(value, now)
  return ms !== undefined && ms >= 0 && ms < MAX_RETRY_AFTER_MS ? ms : undefined
}
