/** What the bytes of an answer are, and how many there must be. */
import { type AnswerDtype, isAnswerDtype, tensorBytes } from '../../wire/dtype.ts'
import { HEADER, parseShape } from '../../wire/headers.ts'
import { essence, TENSOR } from '../../wire/media-types.ts'
import { UnexpectedAnswerError } from '../errors.ts'

export interface Contents {
  /** Undefined for files. */
  readonly tensor: { readonly shape: readonly number[]; readonly dtype: AnswerDtype } | undefined
  /** Undefined where nothing says it. */
  readonly bytes: number | undefined
}

/**
 * @param accepted media type that was asked for
 * @throws UnexpectedAnswerError when it is not what was asked for, or a tensor of which shape and dtype are not said
 */
export function contentsOf(headers: Headers, accepted: string): Contents {
  const type = essence(headers.get('content-type') ?? '')
  if (type !== accepted) throw unexpected(`${accepted}, not ${type || 'something without a type'}`)
  if (type !== TENSOR) return { tensor: undefined, bytes: declaredBytes(headers) }
  const shape = parseShape(headers.get(HEADER.shape))
  const dtype = headers.get(HEADER.dtype) ?? ''
  if (!shape || !isAnswerDtype(dtype)) throw unexpected('a tensor with its shape and dtype')
  return { tensor: { shape, dtype }, bytes: tensorBytes(shape, dtype) }
}

/** Of what is packed on its way, the length is that of the package. */
function declaredBytes(headers: Headers): number | undefined {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? undefined : Number(length)
}

const unexpected = (what: string): UnexpectedAnswerError =>
  new UnexpectedAnswerError({
    status: 200,
    code: 'unexpected-answer',
    message: `Expected ${what}; is the endpoint a gateway?`,
  })
