import type { DecodeJob } from './job.ts'

/** A prediction may be off by this much before the backend is taken to hang. */
const PREDICTION_FACTOR = 10

/** Slowest upload to a backend that is still patience-worthy, in bytes per millisecond. */
const UPLOAD_BYTES_PER_MS = 1_000

/** Time for one attempt, until its answer can be committed to: never past the deadline of the request. */
export function attemptTimeoutMs(job: DecodeJob, minAttemptMs: number, now: number): number {
  const generous = PREDICTION_FACTOR * job.predictedMs + job.body.byteLength / UPLOAD_BYTES_PER_MS
  return Math.min(Math.max(minAttemptMs, generous), job.deadlineAt - now)
}

/** Slowest transfer of an answer, in bytes per millisecond (32 KB/s), after a grace for starting. */
const TRANSFER_BYTES_PER_MS = 32
const TRANSFER_GRACE_MS = 20_000

/** Time for the body of a committed answer; a native stream has no hook that could watch for a stall. */
export const transferTimeoutMs = (bytes: number): number => TRANSFER_GRACE_MS + bytes / TRANSFER_BYTES_PER_MS
