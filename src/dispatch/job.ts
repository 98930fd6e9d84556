import type { ExpectedAnswer } from '../models/answer.ts'

/** A request that is found good, its body in hand: all that attempts need to know. */
export interface DecodeJob {
  /** Id of the API key; the pool is fair between keys. */
  readonly key: string
  /** Id of the model. */
  readonly model: string
  readonly query: URLSearchParams
  readonly body: ArrayBuffer
  readonly expected: ExpectedAnswer
  readonly maxAnswerBytes: number
  readonly predictedMs: number
  /** Milliseconds since the epoch; no answer that starts later is wanted. */
  readonly deadlineAt: number
  /** Whether the key is still good; asked when the request had to wait. Never rejects. */
  readonly isStillGood: () => Promise<boolean>
  /** Told of each wait for a slot, in milliseconds. */
  readonly waited?: (ms: number) => void
}
