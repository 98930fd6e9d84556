/** When the gateway is asked again. */
const EVERY_MS = 2_000
const MAX_MS = 60_000

/** A gateway that takes long to answer is asked for a fifth of the time at most. */
const REST_PER_ANSWER = 4

/**
 * @param failures in a row, of which this is the last; 0 after an answer
 * @param tookMs for the last answer
 * @param retryAfterMs that the gateway asked for, 0 where it did not
 */
export function nextPollMs(failures: number, tookMs: number, retryAfterMs: number): number {
  const wait = failures === 0 ? Math.max(EVERY_MS, tookMs * REST_PER_ANSWER) : EVERY_MS * 2 ** failures
  return Math.min(MAX_MS, Math.max(wait, retryAfterMs))
}
