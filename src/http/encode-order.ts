/** From query, path and the size of a picture to what shall be encoded. */
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type ExpectedAnswer, FLOATS } from '../models/answer.ts'
import { maxMegapixels, predictEncodeMs } from '../models/cost.ts'
import { describePixels, latentShapeOf, type Pixels, readPixels } from '../models/encoding.ts'
import { isServable, type Registry, type ServableModel } from '../models/registry.ts'
import { type LatentDtype, tensorBytes } from '../wire/dtype.ts'
import type { EncodeQuery } from '../wire/encode-query.ts'
import { encodeUpstreamQuery } from '../wire/encode-upstream-query.ts'
import { negotiate, TENSOR } from '../wire/media-types.ts'
import type { PictureHeader } from '../wire/picture-header.ts'
import type { Order } from './order.ts'

/** What a request says before its body is looked at. */
export interface EncodeIntent {
  readonly model: ServableModel
  readonly query: EncodeQuery
  readonly presentation: Order['presentation']
}

/** What the body is: numbers, or a file with so many bytes. */
export type EncodeBody =
  | { readonly kind: 'tensor'; readonly shape: readonly number[]; readonly dtype: LatentDtype }
  | { readonly kind: 'picture'; readonly header: PictureHeader; readonly bytes: number }

/**
 * @param named the model of the path; without one the query names it, or only one model can be meant
 * @param encodable ids of the models that some backend encodes with
 */
export function readIntent(
  query: EncodeQuery,
  accept: string | undefined,
  named: string | undefined,
  encodable: ReadonlySet<string>,
  registry: Registry,
): Result<EncodeIntent, Problem> {
  const found = findEncoder(named ?? query.model, encodable, registry)
  if (!found.ok) return found
  const offer = negotiate(accept, 'pt', 'png', 'image')
  if (!offer.ok)
    return err(problem('not-acceptable', `Expected Accept to allow ${offer.error.join(' or ')}.`))
  const presentation = { envelope: offer.value.envelope, dtype: query.outputDtype }
  return ok({ model: found.value, query, presentation })
}

export function encodeOrder(
  { model, query, presentation }: EncodeIntent,
  body: EncodeBody,
): Result<Order, Problem> {
  const sized = sizeOf(model, body)
  if (!sized.ok) return err(problem('unsupported-shape', `${model.id}: expected ${sized.error.expected}.`))
  const { batch, frames, height, width } = sized.value
  const megapixels = (batch * frames * height * width) / 1e6
  const limit = maxMegapixels(model)
  if (megapixels > limit) {
    const detail = `${model.id} encodes up to ${limit} megapixels at once; this is ${megapixels.toFixed(1)}.`
    return err(problem('picture-too-large', detail))
  }
  const shape = latentShapeOf(model, sized.value)
  if (!shape.ok) return err(problem('unsupported-shape', `${model.id}: expected ${shape.error.expected}.`))
  const expected: ExpectedAnswer = {
    kind: 'tensor',
    mediaType: TENSOR,
    shape: shape.value,
    dtypes: FLOATS,
  }
  return ok({
    model,
    presentation,
    bodyBytes: body.kind === 'picture' ? body.bytes : tensorBytes(body.shape, body.dtype),
    contentType: body.kind === 'picture' ? body.header.mediaType : TENSOR,
    upstreamQuery: encodeUpstreamQuery(query, model.scaling.kind === 'factor' ? model.scaling : undefined),
    expected,
    maxAnswerBytes: Math.max(...FLOATS.map((dtype) => tensorBytes(shape.value, dtype))),
    predictedMs: predictEncodeMs(model, megapixels),
    megapixels,
  })
}

function sizeOf(model: ServableModel, body: EncodeBody): Result<Pixels, { readonly expected: string }> {
  if (body.kind === 'tensor') return readPixels(model, body.shape)
  if (model.kind === 'video')
    return err({
      expected: `a tensor ${describePixels(model)} with shape and dtype, since it encodes videos`,
    })
  const { width, height } = body.header
  return ok({ batch: 1, frames: 1, height, width })
}

function findEncoder(
  name: string | undefined,
  encodable: ReadonlySet<string>,
  registry: Registry,
): Result<ServableModel, Problem> {
  const encoders = registry.all.filter(isServable).filter(({ id }) => encodable.has(id))
  const known = encoders.map(({ id }) => id).join(', ')
  if (name !== undefined) {
    const model = registry.find(name)
    const encoder = encoders.find(({ id }) => id === model?.id)
    if (encoder) return ok(encoder)
    if (!model) {
      return err(problem('unknown-model', 'Expected a model that is served here; GET /v1/models lists them.'))
    }
    const detail = known === '' ? 'No backend of this gateway encodes' : `Only ${known} can be encoded here`
    return err(problem('encode-unsupported', `${detail}. A decode needs output_type=pil, pt or mp4.`))
  }
  const [only, ...others] = encoders
  if (!only) {
    const detail = 'No backend of this gateway encodes. A decode needs output_type=pil, pt or mp4.'
    return err(problem('encode-unsupported', detail))
  }
  if (others.length === 0) return ok(only)
  const detail = `Nothing tells which of ${known} to encode for; name one, as in POST /v1/encode/${only.id}.`
  return err(problem('model-ambiguous', detail))
}
