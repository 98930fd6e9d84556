/** The least that a backend is sure to know, to see whether it works. */
import { type PixelSize, pictureFrames } from '../models/geometry.ts'
import type { ServableModel } from '../models/registry.ts'
import type { UpstreamRequest } from './upstream.ts'

/** Pixels along the side. */
const SIDE = 64

type SmallestRequest = Pick<UpstreamRequest, 'model' | 'query' | 'body' | 'accept'>

/** What a probe asks to be decoded. */
export interface SmallestDecode extends SmallestRequest {
  readonly latent: {
    readonly shape: readonly number[]
    /** Pixels; needed to read the shape of a packed latent. */
    readonly size: PixelSize
  }
}

/** A latent of zeros, the smallest that a backend is sure to know: mid-grey in each of its models. */
export function smallestDecode(model: ServableModel): SmallestDecode {
  const side = Math.max(1, SIDE / model.spatialCompression)
  const isVideo = model.kind === 'video'
  const query = new URLSearchParams({
    output_type: isVideo ? 'pt' : 'pil',
    image_format: 'jpg',
    dtype: 'float16',
    do_scaling: 'False',
  })
  const axes = { B: 1, C: model.channels, T: 1, H: side, W: side }
  const [layout = 'BCHW'] = model.layouts
  let shape = [...layout].map((axis) => axes[axis as keyof typeof axes])
  if (model.packing === 'flux-2x2') {
    shape = [1, (side / 2) ** 2, model.channels * 4]
    query.set('height', String(SIDE))
    query.set('width', String(SIDE))
  }
  for (const size of shape) query.append('shape', String(size))
  const body = new ArrayBuffer(2 * shape.reduce((product, size) => product * size, 1))
  const accept = isVideo ? 'tensor/binary' : 'image/jpeg'
  return { model: model.id, query, body, accept, latent: { shape, size: { height: SIDE, width: SIDE } } }
}

/** Grey pixels, for a backend that only encodes. */
export function smallestEncode(model: ServableModel): SmallestRequest & { readonly latent?: never } {
  const side = Math.max(SIDE, model.spatialCompression)
  const sides = [side, side]
  const shape = model.kind === 'video' ? [1, 3, pictureFrames(model.frames, 1), ...sides] : [1, 3, ...sides]
  const query = new URLSearchParams({ dtype: 'float16' })
  for (const size of shape) query.append('shape', String(size))
  const body = new ArrayBuffer(2 * shape.reduce((product, size) => product * size, 1))
  return { model: model.id, query, body, accept: 'tensor/binary' }
}
