/** What is wrong with the answer of a backend, in words for whoever configures it. Pure. */
import { decode as decodeJpeg } from 'jpeg-js'
import type { Backend } from '../../backends/backend.ts'
import { checkBody } from '../../dispatch/check-body.ts'
import { checkHeaders } from '../../dispatch/check-headers.ts'
import { classifyStatus, ERROR_HEAD_BYTES } from '../../dispatch/classify.ts'
import { type ExpectedAnswer, maxAnswerBytes } from '../../models/answer.ts'
import type { Geometry } from '../../models/geometry.ts'
import type { AnswerDtype } from '../../wire/dtype.ts'
import { pictureSize } from '../../wire/file-magic.ts'
import { HEADER } from '../../wire/headers.ts'
import { essence } from '../../wire/media-types.ts'
import { readFloats } from '../../wire/tensor.ts'

/** What a status other than 200 means to whoever configures the backend. */
export function describeStatus(response: Response, body: Uint8Array, backend: Backend): string {
  const { status, headers } = response
  if (status === 401 || status === 403) {
    return backend.token === undefined
      ? `it wants a token (${status}) and has none: name its secret in tokenSecret`
      : `it refuses its token (${status}): is the secret still valid, and for this endpoint?`
  }
  if (status === 404 || status === 405 || status === 410) {
    return `it takes no decodes at its url (${status}): is the path right?`
  }
  if (status >= 300 && status < 400) {
    return `its url leads elsewhere (${status} to ${headers.get('location') ?? 'nowhere'}), which is not followed`
  }
  const head = new TextDecoder().decode(body.subarray(0, ERROR_HEAD_BYTES))
  switch (classifyStatus(status, head, backend.scaleToZero)) {
    case 'out-of-memory':
      return `it ran out of memory for 64 pixels (${status}): what else runs on its GPU?`
    case 'cold':
      return `it is starting (${status}); ask again in a minute`
    case 'busy':
      return `it is busy (${status}); ask again`
    case 'rejected':
    case 'too-large':
      return `it refuses the decode (${status}): does it have this model?`
    default:
      return `it failed (${status}); its own log says why`
  }
}

/** What is wrong with a 200; undefined when it is the picture that was asked for. */
export function describeFlaw(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  expected: ExpectedAnswer,
  attemptId: string,
  geometry: Geometry,
): string | undefined {
  const type = essence(headers.get('content-type') ?? 'nothing')
  if (type.includes('html')) return 'it answers with a web page: is this the URL of a decoder?'
  const size = expected.kind === 'image' ? pictureSize(body) : undefined
  if (
    expected.kind === 'image' &&
    size &&
    (size.width !== expected.width || size.height !== expected.height)
  ) {
    return `it answers ${size.width}x${size.height} pixels where ${expected.width}x${expected.height} were asked for: is it this model?`
  }
  const shape = headers.get(HEADER.shape)
  if (expected.kind === 'tensor' && shape !== null && shape.replaceAll(' ', '') !== `[${expected.shape}]`) {
    return `it answers the shape ${shape} where [${expected.shape}] was asked for: is it this model?`
  }
  const head = checkHeaders(headers, expected, attemptId, maxAnswerBytes(expected, geometry))
  if (!head.ok) return `it answers ${type} with headers that do not fit the ${expected.mediaType} asked for`
  const flaw = checkBody(body, expected, true)
  if (flaw === 'broke-off') return 'its answer breaks off'
  if (flaw === 'invalid') return `its answer is no ${expected.mediaType}`
  if (expected.kind === 'tensor' && head.value.byteLength !== body.length) return 'its answer breaks off'
  return isBlank(body, expected, head.value.dtype) ? BLANK : undefined
}

const BLANK =
  'it answers a black picture where a grey one was due: its weights may overflow in half precision, or not be loaded'

/** A latent of zeros is a grey picture in every model; black, or no number at all, is what an overflow leaves. */
function isBlank(
  body: Uint8Array<ArrayBuffer>,
  expected: ExpectedAnswer,
  dtype: AnswerDtype | undefined,
): boolean {
  if (expected.kind === 'image') {
    const { data } = decodeJpeg(body, { useTArray: true, formatAsRGBA: false, maxResolutionInMP: 1 })
    return data.every((value) => value < 4)
  }
  if (dtype === undefined || dtype === 'uint8') return false
  return readFloats(body.buffer, dtype).some((value) => !Number.isFinite(value))
}
