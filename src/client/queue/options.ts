/** What a queue can be told, and what it tells. */
import type { QueueOrder } from './shelf.ts'

export type OnError = 'throw' | 'yield'

export interface QueueOptions<P extends OnError = OnError> {
  /** At a time. 4 unless said. */
  readonly concurrency?: number | undefined
  /**
   * Inside at a time: waiting, running, and done but not taken. It bounds the memory. Twice the concurrency unless said, and
   * never less than it.
   */
  readonly capacity?: number | undefined
  /** Of the results: that of what was pushed (`input`, unless said), or that in which they are done. */
  readonly order?: QueueOrder | undefined
  /** `throw`, unless said: the first failure ends everything. `yield`: it is a result like another. */
  readonly onError?: P | undefined
  /** Ends everything; the consumer gets its reason. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: QueueProgress) => void) | undefined
}

export interface QueueProgress {
  /** Taken in so far. */
  readonly pushed: number
  readonly running: number
  readonly done: number
  readonly failed: number
  /** Whether nothing more will be pushed, so that `pushed` is all there is. */
  readonly isClosed: boolean
}

/** Numbered from 0 as it was pushed. */
export interface Success<O> {
  readonly index: number
  readonly ok: true
  readonly answer: O
}
export interface Failed {
  readonly index: number
  readonly ok: false
  readonly error: unknown
}

export type QueueResult<O, P extends OnError> = P extends 'throw' ? Success<O> : Success<O> | Failed

/** Does one piece; `signal` fires when nobody wants it any more. */
export type Run<I, O> = (input: I, signal: AbortSignal, index: number) => Promise<O>

const DEFAULT_CONCURRENCY = 4

/** @throws RangeError where one is no number of pieces */
export function boundsOf({ concurrency = DEFAULT_CONCURRENCY, capacity }: QueueOptions): {
  readonly concurrency: number
  readonly capacity: number
} {
  const bounds = { concurrency, capacity: Math.max(capacity ?? 2 * concurrency, concurrency) }
  if (Number.isInteger(bounds.concurrency) && concurrency > 0 && Number.isInteger(bounds.capacity))
    return bounds
  throw new RangeError('Expected concurrency and capacity to be whole numbers of 1 or more.')
}
