/** An answer as its client asked for it: as it is, in another dtype, or in JSON. */
import type { Answer } from '../dispatch/attempt.ts'
import type { ByteBudget } from '../dispatch/byte-budget.ts'
import type { Dispatched } from '../dispatch/dispatch.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ExpectedAnswer } from '../models/answer.ts'
import { type AnswerDtype, itemBytes, type LatentDtype, tensorBytes } from '../wire/dtype.ts'
import { type Presentation, seal, sealedBytes } from '../wire/envelope.ts'
import { readFloats, writeFloats } from '../wire/tensor.ts'
import type { Order } from './order.ts'

/**
 * Refuses before a backend is asked what is bound to be too large afterwards.
 *
 * @param commitBytes most bytes of an answer that are received whole
 */
export function checkPresentation(
  { presentation: { envelope, dtype }, expected, model }: Order,
  commitBytes: number,
): Problem | undefined {
  if (expected.kind !== 'tensor') return undefined
  const least = Math.min(...expected.dtypes.map((each) => tensorBytes(expected.shape, each)))
  const converts = dtype !== undefined && dtype !== model.dtype && !expected.dtypes.includes('uint8')
  return (envelope || converts) && least > commitBytes ? tooLarge(commitBytes) : undefined
}

/**
 * @returns what was dispatched, with its answer as the client asked for it; an answer that cannot be so is let go of,
 * as if its client had left
 */
export function presentDispatched(
  dispatched: Result<Dispatched, Problem>,
  { presentation, expected }: Order,
  budget: ByteBudget,
  commitBytes: number,
): Result<Dispatched, Problem> {
  if (!dispatched.ok) return dispatched
  const { answer, finish } = dispatched.value
  const presented = present(answer, presentation, expected, budget, commitBytes)
  if (presented.ok) return ok({ ...dispatched.value, answer: presented.value })
  answer.abort.abort()
  answer.release()
  finish('client-gone')
  return presented
}

/**
 * @returns the answer with other bytes, or itself where there is nothing to do; its bytes are held until they are
 * released as those of any answer
 */
function present(
  answer: Answer,
  { envelope, dtype }: Presentation,
  expected: ExpectedAnswer,
  budget: ByteBudget,
  commitBytes: number,
): Result<Answer, Problem> {
  const converts = dtype !== undefined && isFloat(answer.dtype) && answer.dtype !== dtype
  if (!envelope && !converts) return ok(answer)
  if (answer.rest || answer.following) return err(unfinished(answer, commitBytes))
  const shown = converts ? dtype : answer.dtype
  const bytes = (answer.beginning.length / itemBytes(answer.dtype ?? 'uint8')) * itemBytes(shown ?? 'uint8')
  const release = budget.reserve(envelope ? sealedBytes(bytes) : bytes)
  if (!release) return err(busy())
  const body = converts ? convert(answer.beginning, answer.dtype, dtype) : answer.beginning
  const presented = envelope ? seal(body, contentsOf(expected, shown)) : body
  return ok({
    ...answer,
    beginning: presented,
    byteLength: presented.length,
    dtype: shown,
    release: () => {
      answer.release()
      release()
    },
  })
}

const isFloat = (dtype: AnswerDtype | undefined): dtype is LatentDtype =>
  dtype !== undefined && dtype !== 'uint8'

/** The bytes are copied, for they may begin where no number may. */
const convert = (bytes: Uint8Array, from: LatentDtype, to: LatentDtype): Uint8Array =>
  new Uint8Array(writeFloats(readFloats(bytes.slice().buffer, from), to))

const contentsOf = (expected: ExpectedAnswer, dtype: AnswerDtype | undefined) =>
  expected.kind === 'tensor' && dtype ? { shape: expected.shape, dtype } : { media_type: expected.mediaType }

/** Why all of an answer is not there: it is too large, or there was no room for it at the moment. */
const unfinished = ({ byteLength, following }: Answer, commitBytes: number): Problem =>
  byteLength !== undefined && byteLength + (following?.byteLength ?? 0) <= commitBytes
    ? busy()
    : tooLarge(commitBytes)

const busy = (): Problem =>
  problem('isolate-busy', 'Too many answers are under way; try again.', { retryAfterSeconds: 1 })

const tooLarge = (commitBytes: number): Problem =>
  problem(
    'conversion-too-large',
    `Answers of up to ${commitBytes} bytes are put into JSON or another dtype; take this one as it is.`,
  )
