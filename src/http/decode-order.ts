/** From query and path to what shall be decoded: everything that can be known before the body is read. */
import type { Batch, DecodeOf } from '../dispatch/batch/batch.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { answeredOf, expectAnswer, maxAnswerBytes } from '../models/answer.ts'
import { decodeLimits, MAX_PREVIEW_SIDE, predictDecodeMs } from '../models/cost.ts'
import { isPacked, megapixels, upstreamShape } from '../models/geometry.ts'
import { describeStranger, inferModels } from '../models/inference.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { isServable, type Registry, type ServableModel } from '../models/registry.ts'
import type { VaeModel } from '../models/vae.ts'
import { type DecodeQuery, parseDecodeQuery } from '../wire/decode-query.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { negotiate, TENSOR } from '../wire/media-types.ts'
import { upstreamQuery } from '../wire/upstream-query.ts'
import type { Order } from './order.ts'
import { queryProblem } from './query-problem.ts'

/** A decode that is fully described but for the bytes of its latent. */
export interface DecodeOrder extends Order {
  readonly query: DecodeQuery
  /** Its latents, as far as they can be decoded apart. */
  readonly batch: Batch
}

/**
 * @param named the model of the path; without one the query names it, or the latent's shape does
 * @param served ids of the models that have a backend
 * @param registry the models of this deployment
 * @param previewed ids of the models that the embedded preview decodes
 */
export function readOrder(
  params: URLSearchParams,
  accept: string | undefined,
  named: string | undefined,
  served: ReadonlySet<string>,
  registry: Registry,
  previewed: ReadonlySet<string> = new Set(),
): Result<DecodeOrder, Problem> {
  const parsed = parseDecodeQuery(params)
  if (!parsed.ok) return err(queryProblem(parsed.error))
  const query = parsed.value
  const found = findServed(named ?? query.model, query, served, registry)
  if (!found.ok) return found
  const model = found.value

  const geometry = readGeometry(model, query.shape, query.size)
  if (!geometry.ok) {
    const hint = describeStranger(query, servedModels(served, registry))
    return err(problem('unsupported-shape', `${model.id}: expected ${geometry.error.expected}${hint}.`))
  }
  const outputType = query.outputType ?? 'pil'
  const offer = negotiate(accept, outputType, query.imageFormat, model.kind)
  const { batch: count } = geometry.value
  const answered = offer.ok
    ? answeredOf(model, offer.value.format, outputType, query.partialPostprocess)
    : 'all'
  // What is not answered is not decoded either.
  const size = megapixels({ ...geometry.value, batch: answered === 'first' ? 1 : count })
  const isPreview = previewed.has(model.id)
  const limits = decodeLimits(model, isPreview)
  const decoder = isPreview ? `The preview of ${model.id}` : model.id
  if (size > limits.maxMegapixels) {
    const detail = `${decoder} decodes up to ${limits.maxMegapixels} megapixels at once; this latent asks for ${size.toFixed(1)}.`
    return err(problem('decode-too-large', detail))
  }
  const { frames } = geometry.value
  if (frames > (limits.maxFrames ?? frames)) {
    const detail = `${decoder} decodes up to ${limits.maxFrames} frames at once; this latent asks for ${frames}.`
    return err(problem('decode-too-large', detail))
  }
  const side = Math.max(geometry.value.width, geometry.value.height)
  if (isPreview && side > MAX_PREVIEW_SIDE) {
    const detail = `${decoder} has up to ${MAX_PREVIEW_SIDE} pixels a side; this latent asks for ${side}.`
    return err(problem('decode-too-large', detail))
  }
  if (!model.outputs.includes(outputType)) {
    return err(
      problem('unsupported-output', `${model.id} answers ${model.outputs.join(', ')}, not ${outputType}.`),
    )
  }
  if (!offer.ok) {
    return err(problem('not-acceptable', `Expected Accept to allow ${offer.error.join(' or ')}.`))
  }
  const { format, envelope } = offer.value
  const of = (count: number): DecodeOf => {
    const part = { ...geometry.value, batch: count }
    const expected = expectAnswer(model, part, format, outputType, query.partialPostprocess)
    const [, ...axes] = upstreamShape(part, query.shape)
    return {
      query: upstreamQuery(query, [count, ...axes], outputType, isPacked(part)),
      expected,
      maxAnswerBytes: maxAnswerBytes(expected, part),
      predictedMs: predictDecodeMs(model, part),
    }
  }
  const { query: wholeQuery, ...whole } = of(count)
  return ok({
    ...whole,
    model,
    query,
    presentation: { envelope, dtype: query.outputDtype },
    bodyBytes: tensorBytes(query.shape, query.dtype),
    contentType: TENSOR,
    upstreamQuery: wholeQuery,
    batch: { count, answered, of },
    megapixels: size,
  })
}

function findServed(
  name: string | undefined,
  query: DecodeQuery,
  served: ReadonlySet<string>,
  registry: Registry,
): Result<ServableModel, Problem> {
  if (name !== undefined) {
    const model = registry.find(name)
    if (model && isServable(model) && served.has(model.id)) return ok(model)
    return err(problem('unknown-model', 'Expected a model that is served here; GET /v1/models lists them.'))
  }
  const fitting = inferModels(servedModels(served, registry), query)
  const [model] = fitting
  if (!model) {
    const expected = 'Expected a latent of a model that is served here, or its name in the path'
    const mayBePacked = query.shape.length === 3 && query.size === undefined
    const hint = mayBePacked ? '; packed latents need height and width as well' : ''
    return err(problem('model-not-inferred', `${expected}${hint}.`))
  }
  if (fitting.length > 1) {
    const names = fitting.map(({ id }) => id).join(', ')
    return err(
      problem('model-ambiguous', `This latent fits ${names}; name one in the path, as in POST /${model.id}.`),
    )
  }
  return ok(model)
}

const servedModels = (served: ReadonlySet<string>, registry: Registry): readonly VaeModel[] =>
  registry.all.filter((model) => served.has(model.id))
