/** What a decode or an encode costs and how much of it one request may ask for. */
import { type Geometry, megapixels } from './geometry.ts'
import type { ServableModel } from './registry.ts'
import type { VaeModel } from './vae.ts'

/** Fixed part of a decode: transfer to the GPU, kernel launches, encoding of a small picture. */
export const OVERHEAD_MS = 50

/** Decode time per output megapixel on a mid-range GPU. A first guess: it orders work, it does not time it. */
const MS_PER_MEGAPIXEL: Readonly<Record<VaeModel['kind'], number>> = { image: 150, video: 250 }

/** Predicted decode time in milliseconds. */
export const predictDecodeMs = (model: VaeModel, geometry: Geometry): number =>
  OVERHEAD_MS + MS_PER_MEGAPIXEL[model.kind] * megapixels(geometry)

/** Operations of an encoder, by those of its decoder: 0.44 (SD at 512 pixels) to 0.62 (AutoencoderDC). */
const ENCODE_SHARE = 0.5

/**
 * Predicted time of an encode in milliseconds.
 * @param size of all pictures, in megapixels
 */
export const predictEncodeMs = (model: VaeModel, size: number): number =>
  OVERHEAD_MS + ENCODE_SHARE * MS_PER_MEGAPIXEL[model.kind] * size

/** Most bytes a latent of this model can have: float32, and as large as may be decoded. */
export function maxLatentBytes(model: ServableModel): number {
  const elementsPerMegapixel = (1e6 / model.spatialCompression ** 2) * model.channels
  return Math.ceil(maxMegapixels(model) * elementsPerMegapixel * 4)
}

/** One 4096x4096 picture; 129 frames of 1280x720 with room to spare. */
const MAX_MEGAPIXELS: Readonly<Record<VaeModel['kind'], number>> = { image: 16.8, video: 160 }

/** What any model of the kind decodes at once, where the operator does not say less. */
export const defaultMaxMegapixels = ({ kind }: VaeModel): number => MAX_MEGAPIXELS[kind]

export const maxMegapixels = (model: VaeModel): number =>
  model.limits?.maxMegapixels ?? defaultMaxMegapixels(model)

/** The most that one decode may ask for, in all its pictures and frames; null where frames are not counted. */
export interface DecodeLimits {
  readonly maxMegapixels: number
  readonly maxFrames: number | null
}

/** The embedded preview is a CPU's work of two seconds: eight pictures of 1024x1024, or 129 frames of 1280x720. */
const PREVIEW_MEGAPIXELS: Readonly<Record<VaeModel['kind'], number>> = { image: 8.4, video: 120 }

/** Of however few pixels: frames cost as well. */
const PREVIEW_FRAMES = 257

/** Pixels of either side: a preview is made in rows, of which none may take long. */
export const MAX_PREVIEW_SIDE = 16_384

/** @param isPreview whether it is the embedded preview that decodes */
export function decodeLimits(model: VaeModel, isPreview: boolean): DecodeLimits {
  const most = maxMegapixels(model)
  const maxFrames = model.limits?.maxFrames ?? null
  if (!isPreview) return { maxMegapixels: most, maxFrames }
  return {
    maxMegapixels: Math.min(most, PREVIEW_MEGAPIXELS[model.kind]),
    maxFrames: model.kind === 'video' ? Math.min(maxFrames ?? PREVIEW_FRAMES, PREVIEW_FRAMES) : maxFrames,
  }
}
