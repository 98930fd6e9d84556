/** How far a request is, in words. */
import type { Progress, Retry } from '../../../src/client/index.ts'
import { sizeOf } from './outcome.ts'

export type Course =
  | { readonly progress: Progress; readonly retry?: undefined }
  /** `until` by `performance.now()` */
  | { readonly retry: Retry; readonly until: number; readonly progress?: undefined }

export function describeProgress({ phase, bytes, totalBytes }: Progress): string {
  if (phase === 'waiting') return 'Sent, waiting for the answer'
  const verb = phase === 'sending' ? 'Sending' : 'Receiving'
  return totalBytes === undefined
    ? `${verb} ${sizeOf(bytes)}`
    : `${verb} ${sizeOf(bytes)} of ${sizeOf(totalBytes)}`
}

/** @param ms until the next try */
export function describeWait({ error: { retryAfterMs } }: Retry, ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000))
  return retryAfterMs === undefined
    ? `Trying again in ${seconds} s`
    : `Waiting ${seconds} s, the gateway asked for it`
}

/** Of a try that failed: what the gateway said of it. */
export const describeFailure = ({ attempt, error }: Retry): string =>
  `Try ${attempt} failed: ${error.message}`
