/** A request that is fully described but for its body: what the rest of its life works with. */
import type { Batch } from '../dispatch/batch/batch.ts'
import type { ExpectedAnswer } from '../models/answer.ts'
import type { ServableModel } from '../models/registry.ts'
import type { Presentation } from '../wire/envelope.ts'

export interface Order {
  readonly model: ServableModel
  readonly presentation: Presentation
  /** Bytes the body must have. */
  readonly bodyBytes: number
  /** Of the body, as a backend is told. */
  readonly contentType: string
  readonly upstreamQuery: URLSearchParams
  readonly expected: ExpectedAnswer
  readonly maxAnswerBytes: number
  readonly predictedMs: number
  /** Latents that can be decoded apart; none of an encode. */
  readonly batch?: Batch
  /** Of the pictures that are made, or encoded; what limits count. */
  readonly megapixels: number
}
