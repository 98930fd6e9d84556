/** Whether the head of a 200 can be the head of the answer that was asked for. */
import { err, ok, type Result } from '../lib/result.ts'
import type { ExpectedAnswer } from '../models/answer.ts'
import { type AnswerDtype, isAnswerDtype, tensorBytes } from '../wire/dtype.ts'
import { HEADER, parseShape } from '../wire/headers.ts'
import { essence } from '../wire/media-types.ts'

export interface AnswerHead {
  /** Bytes of the body: exact for tensors, as declared for files, undefined when a file has no declared length. */
  readonly byteLength: number | undefined
  /** Most bytes that a body without a declared length may have. */
  readonly maxBytes: number
  readonly dtype: AnswerDtype | undefined
}

/** Types under which a backend may send what we asked for. */
const ALIASES: Readonly<Record<ExpectedAnswer['mediaType'], readonly string[]>> = {
  'image/jpeg': ['image/jpeg', 'image/jpg'],
  'image/png': ['image/png'],
  'tensor/binary': ['tensor/binary', 'application/octet-stream'],
  'video/mp4': ['video/mp4', 'text/plain'],
  'text/plain': ['text/plain', 'video/mp4'],
}

/**
 * @param attemptId what we sent; an echo of another one belongs to another request
 * @param maxBytes of the body, from the size of the picture
 */
export function checkHeaders(
  headers: Headers,
  expected: ExpectedAnswer,
  attemptId: string,
  maxBytes: number,
): Result<AnswerHead, 'invalid'> {
  const echo = headers.get(HEADER.attemptId)
  if (echo !== null && echo !== attemptId) return err('invalid')
  // We asked for identity; a decoded body has no length that could be checked.
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return err('invalid')
  if (!ALIASES[expected.mediaType].includes(essence(headers.get('content-type') ?? ''))) return err('invalid')

  const declared = headers.get('content-length')
  // The runtime reads lengths itself; one that it let pass and we cannot read must not get into our sums.
  if (declared !== null && !/^[0-9]+$/.test(declared)) return err('invalid')
  const length = declared === null ? undefined : Number(declared)
  if (expected.kind !== 'tensor') {
    if (length !== undefined && (length === 0 || length > maxBytes)) return err('invalid')
    return ok({ byteLength: length, maxBytes, dtype: undefined })
  }
  const dtype = headers.get(HEADER.dtype) ?? ''
  const shape = parseShape(headers.get(HEADER.shape))
  if (!isAnswerDtype(dtype) || !expected.dtypes.includes(dtype)) return err('invalid')
  if (!shape || shape.join() !== expected.shape.join()) return err('invalid')
  const exact = tensorBytes(shape, dtype)
  if (length !== undefined && length !== exact) return err('invalid')
  return ok({ byteLength: exact, maxBytes: exact, dtype })
}
