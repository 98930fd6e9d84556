/** From the size of a picture or video to the latent that it is encoded to. */
import { err, ok, type Result } from '../lib/result.ts'
import { latentFramesFor } from './geometry.ts'
import type { ServableModel } from './registry.ts'

/** What is encoded, in pixels. */
export interface Pixels {
  readonly batch: number
  readonly frames: number
  readonly height: number
  readonly width: number
}

/** A sentence that says which pixels the model takes. */
export type PixelsError = { readonly expected: string }

const COLOURS = 3

/** What the model encodes as a tensor: `[N, 3, H, W]`, or `[N, 3, F, H, W]` of a video. */
export const describePixels = ({ kind }: ServableModel): string =>
  kind === 'video' ? '[N, 3, F, H, W]' : '[N, 3, H, W]'

/** Reads the shape of a tensor of pixels. */
export function readPixels(model: ServableModel, shape: readonly number[]): Result<Pixels, PixelsError> {
  const isVideo = model.kind === 'video'
  if (shape.length !== (isVideo ? 5 : 4) || shape[1] !== COLOURS)
    return err({ expected: `pixels of shape ${describePixels(model)}` })
  const [batch = 1] = shape
  const [height = 0, width = 0] = shape.slice(-2)
  return ok({ batch, frames: isVideo ? (shape[2] ?? 0) : 1, height, width })
}

/**
 * The shape of the latent: `[N, C, H/8, W/8]`, or `[N, C, T, H/8, W/8]` of a video. What is left over at the right and
 * below is cut off; frames must come out even, since a backend that made them fit would leave some out.
 */
export function latentShapeOf(
  model: ServableModel,
  { batch, frames, height, width }: Pixels,
): Result<readonly number[], PixelsError> {
  const side = model.spatialCompression
  const sides = [Math.floor(height / side), Math.floor(width / side)]
  if (sides.includes(0)) return err({ expected: `at least ${side} x ${side} pixels` })
  if (model.kind === 'image') return ok([batch, model.channels, ...sides])
  const latentFrames = latentFramesFor(model.frames, frames)
  if (latentFrames === undefined) return err({ expected: `${describeFrames(model)} frames, not ${frames}` })
  return ok([batch, model.channels, latentFrames, ...sides])
}

function describeFrames({ frames: rule }: ServableModel): string {
  switch (rule.kind) {
    case 'still':
      return '1'
    case 'causal':
      return `1, or a multiple of ${rule.stride} and one,`
    case 'uniform':
      return `a multiple of ${rule.stride}`
    case 'parity':
      return `a multiple of ${rule.stride}, or that and one,`
  }
}
