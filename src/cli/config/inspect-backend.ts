/** Asks a backend for the smallest decode of each of its models, and says in words how it went. */
import { decode as decodeJpeg } from 'jpeg-js'
import type { Backend } from '../../backends/backend.ts'
import { type ProbeTools, probeBackend, smallestDecode } from '../../backends/probe.ts'
import { checkBody } from '../../dispatch/check-body.ts'
import { checkHeaders } from '../../dispatch/check-headers.ts'
import { classifyStatus, ERROR_HEAD_BYTES } from '../../dispatch/classify.ts'
import { type ExpectedAnswer, expectAnswer, maxAnswerBytes } from '../../models/answer.ts'
import type { Geometry } from '../../models/geometry.ts'
import { readGeometry } from '../../models/latent-shape.ts'
import { findModel, isServable, type ServableModel } from '../../models/registry.ts'
import { pictureSize } from '../../wire/file-magic.ts'
import { HEADER } from '../../wire/headers.ts'
import { essence } from '../../wire/media-types.ts'
import { readFloats } from '../../wire/tensor.ts'
import { reasonOf } from '../admin/client.ts'

export interface Inspection {
  readonly backend: string
  readonly model: string
  /** What is wrong; null when the model was decoded as it must be. */
  readonly flaw: string | null
  /** The quicker of two decodes, in milliseconds; null without one. */
  readonly ms: number | null
}

export interface InspectionTools extends ProbeTools {
  readonly now: () => number
}

/** The first decode may have to load weights. */
const TIMEOUT_MS = 60_000

/** Each model of a backend, one after the other. Never rejects. */
export async function inspectBackend(backend: Backend, tools: InspectionTools): Promise<Inspection[]> {
  if (backend.scaleToZero && (await probeBackend(backend, 'wake', tools)) === 'asleep') {
    const flaw = 'it sleeps and did not wake within a minute; ask again'
    return backend.models.map((model) => ({ backend: backend.id, model, flaw, ms: null }))
  }
  const inspections: Inspection[] = []
  for (const id of backend.models) {
    const model = findModel(id)
    if (!model || !isServable(model)) continue
    inspections.push(await inspectModel(backend, model, tools))
  }
  return inspections
}

async function inspectModel(
  backend: Backend,
  model: ServableModel,
  tools: InspectionTools,
): Promise<Inspection> {
  const facts = { backend: backend.id, model: model.id }
  const first = await decodeOnce(backend, model, tools)
  if (typeof first === 'string') return { ...facts, flaw: first, ms: null }
  // The first one paid for the connection, and perhaps for loading.
  const second = await decodeOnce(backend, model, tools)
  if (typeof second === 'string') return { ...facts, flaw: `the second decode failed: ${second}`, ms: null }
  return { ...facts, flaw: null, ms: Math.min(first, second) }
}

/** @returns milliseconds, or what is wrong */
async function decodeOnce(
  backend: Backend,
  model: ServableModel,
  { send, now, randomUuid }: InspectionTools,
): Promise<number | string> {
  const { latent, ...request } = smallestDecode(model)
  const geometry = readGeometry(model, latent.shape, latent.size)
  if (!geometry.ok) return `nobody knows a small latent of it: ${geometry.error.expected}`
  const expected = expectedOf(model, geometry.value)
  const attemptId = randomUuid()
  const startedAt = now()
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const sent = { ...request, attemptId, remainingMs: TIMEOUT_MS }
    const response = await send(backend, sent, signal)
    const body = new Uint8Array(await response.arrayBuffer())
    const ms = now() - startedAt
    if (response.status !== 200) return describeStatus(response, body, backend)
    return describeFlaw(response.headers, body, expected, attemptId, geometry.value) ?? ms
  } catch (error) {
    return `nothing answers at its url: ${reasonOf(error)}`
  }
}

const expectedOf = (model: ServableModel, geometry: Geometry): ExpectedAnswer =>
  model.kind === 'video'
    ? expectAnswer(model, geometry, { kind: 'tensor', mediaType: 'tensor/binary' }, 'pt', false)
    : expectAnswer(model, geometry, { kind: 'image', mediaType: 'image/jpeg' }, 'pil', false)

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
  dtype: Parameters<typeof readFloats>[1] | 'uint8' | undefined,
): boolean {
  if (expected.kind === 'image') {
    const { data } = decodeJpeg(body, { useTArray: true, formatAsRGBA: false, maxResolutionInMP: 1 })
    return data.every((value) => value < 4)
  }
  if (dtype === undefined || dtype === 'uint8') return false
  return readFloats(body.buffer, dtype).some((value) => !Number.isFinite(value))
}
