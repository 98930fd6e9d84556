import type { ExpectedAnswer } from '../models/answer.ts'
import type { Batch } from './batch/batch.ts'

/** A request that is found good, its body in hand: all that attempts need to know. */
export interface DecodeJob {
  /** Id of the API key; the pool is fair between keys. */
  readonly key: string
  /** The task, as pools know it: the model's id for a decode. */
  readonly model: string
  readonly query: URLSearchParams
  /** Of the body; a raw tensor when left out. */
  readonly contentType?: string | undefined
  readonly body: ArrayBuffer | Uint8Array<ArrayBuffer>
  readonly expected: ExpectedAnswer
  readonly maxAnswerBytes: number
  readonly predictedMs: number
  /** Milliseconds since the epoch; no answer that starts later is wanted. */
  readonly deadlineAt: number
  /** Where the client set no deadline: the time that it is given once a backend that had to start is there. */
  readonly deadlineMs?: number
  /** Whether the key is still good; asked when the request had to wait. Never rejects. */
  readonly isStillGood: () => Promise<boolean>
  /** Where it has several latents that can be decoded apart. */
  readonly batch?: Batch | undefined
  /** Backends that shall not get it, though it has not failed there. */
  readonly avoid?: readonly string[]
  /** Told of each wait for a slot, in milliseconds. */
  readonly waited?: (ms: number) => void
}
