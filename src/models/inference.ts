/** Which model a latent belongs to, when the request does not say: by shape, packing and scaling factor. */
import type { DecodeQuery } from '../wire/decode-query.ts'
import { readGeometry } from './latent-shape.ts'
import { isServable, type ServableModel } from './servable.ts'
import type { VaeModel } from './vae.ts'

/**
 * Models among `candidates` that could have made this latent. Models that share a latent space decode it to the
 * same picture, so of those only the one that the space is named after is returned, or the first that is there.
 */
export function inferModels(candidates: readonly VaeModel[], query: DecodeQuery): ServableModel[] {
  const fitting = candidates
    .filter(isServable)
    .filter((model) => readGeometry(model, query.shape, query.size).ok && fitsScaling(model, query))
  const bySpace = new Map<string, ServableModel>()
  for (const model of fitting) {
    if (!bySpace.has(model.latentSpace) || model.id === model.latentSpace)
      bySpace.set(model.latentSpace, model)
  }
  return [...bySpace.values()]
}

/** A scaling factor that is sent must be the model's own; nothing sent says nothing. */
function fitsScaling(model: VaeModel, query: DecodeQuery): boolean {
  const asked = query.scaling
  if (asked.kind !== 'explicit') return true
  if (model.scaling.kind !== 'factor' && model.scaling.kind !== 'statistics') return false
  return Math.abs(asked.factor - model.scaling.factor) <= Math.abs(model.scaling.factor) * 1e-3
}

/** Of a latent that its model does not take: what it seems to be; empty when it seems to be nothing known. */
export function describeStranger(query: DecodeQuery, candidates: readonly VaeModel[]): string {
  const { shape } = query
  if (shape.length === 4 && shape[1] === 3)
    return '; three channels are a picture, which is not decoded but encoded'
  const names = inferModels(candidates, query).map(({ id }) => id)
  return names.length > 0 ? `; this looks like a latent of ${names.join(', ')}` : ''
}
