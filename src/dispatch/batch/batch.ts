/** How the latents of one job come apart. */
import type { DecodeJob } from '../job.ts'

/** What differs between decodes of more and of fewer latents, but for the bytes. */
export type DecodeOf = Pick<DecodeJob, 'query' | 'expected' | 'maxAnswerBytes' | 'predictedMs'>

export interface Batch {
  /** Latents, one after the other in the body. */
  readonly count: number
  /** What the answer holds: all of them, one after the other, or the first alone. */
  readonly answered: 'all' | 'first'
  /** The decode of so many of them. */
  readonly of: (count: number) => DecodeOf
}

export interface BatchJob extends DecodeJob {
  readonly batch: Batch
}

/** A job for `count` latents of another, from the `first` on. Their bytes are not copied. */
export function partOf(job: BatchJob, first: number, count: number): BatchJob {
  const { batch, body } = job
  const whole = body instanceof Uint8Array ? body : new Uint8Array(body)
  const latentBytes = whole.byteLength / batch.count
  return {
    ...job,
    ...batch.of(count),
    body: whole.subarray(first * latentBytes, (first + count) * latentBytes),
    batch: { ...batch, count },
  }
}

/** Jobs for so many latents each, in order. */
export function partsOf(job: BatchJob, shares: readonly number[]): BatchJob[] {
  let first = 0
  return shares.map((count) => {
    const part = partOf(job, first, count)
    first += count
    return part
  })
}
