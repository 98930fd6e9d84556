/** The size of a latent and of the picture it decodes to. */
import type { ServableModel } from './registry.ts'
import type { FrameRule, Layout, Packing } from './vae.ts'

export interface Geometry {
  /** How the bytes are laid out; `CHW` is a picture without a batch axis. */
  readonly layout: Layout | Packing | 'CHW'
  readonly batch: number
  readonly latentFrames: number
  readonly latentHeight: number
  readonly latentWidth: number
  /** Pixels. */
  readonly height: number
  readonly width: number
  readonly frames: number
}

export interface PixelSize {
  readonly height: number
  readonly width: number
}

/** Frames of the video that t latent frames decode to. */
export function pictureFrames(rule: FrameRule, latentFrames: number): number {
  switch (rule.kind) {
    case 'still':
      return 1
    case 'causal':
      return (latentFrames - 1) * rule.stride + 1
    case 'uniform':
      return latentFrames * rule.stride
    case 'parity':
      return latentFrames % 2 === 1 ? (latentFrames - 1) * rule.stride + 1 : latentFrames * rule.stride
  }
}

/** Latent frames that a video of so many frames is encoded to; undefined where it does not come out even. */
export function latentFramesFor(rule: FrameRule, frames: number): number | undefined {
  const isWhole = (count: number): number | undefined => (Number.isInteger(count) ? count : undefined)
  switch (rule.kind) {
    case 'still':
      return frames === 1 ? 1 : undefined
    case 'causal':
      return isWhole((frames - 1) / rule.stride + 1)
    case 'uniform':
      return isWhole(frames / rule.stride)
    case 'parity':
      return isWhole(frames % rule.stride === 0 ? frames / rule.stride : (frames - 1) / rule.stride + 1)
  }
}

/** The latent frame that a picture frame comes from. */
export function latentFrameOf(rule: FrameRule, latentFrames: number, frame: number): number {
  switch (rule.kind) {
    case 'still':
      return 0
    case 'uniform':
      return Math.floor(frame / rule.stride)
    case 'causal':
      return Math.ceil(frame / rule.stride)
    case 'parity':
      return latentFrames % 2 === 1 ? Math.ceil(frame / rule.stride) : Math.floor(frame / rule.stride)
  }
}

/** Output pixels of all frames of the whole batch, in millions. */
export const megapixels = (geometry: Geometry): number =>
  (geometry.batch * geometry.frames * geometry.height * geometry.width) / 1e6

/** Early SD.Next sends tokens with an axis too many: [1, 1, 4096, 64]. */
export const withoutUnitAxis = (shape: readonly number[]): readonly number[] =>
  shape.length === 4 && shape[1] === 1 ? shape.filter((_, axis) => axis !== 1) : shape

/** The shape a backend shall read: a picture without a batch axis gets one, tokens lose an axis too many. */
export function upstreamShape({ layout }: Geometry, shape: readonly number[]): readonly number[] {
  if (layout === 'CHW') return [1, ...shape]
  return layout === 'flux-2x2' ? withoutUnitAxis(shape) : shape
}

export const isPacked = (geometry: Geometry): boolean =>
  geometry.layout === 'flux-2x2' || geometry.layout === 'flux2-patchify' || geometry.layout === 'ltx-flatten'

/** The geometry of a latent of so many elements. */
export function geometryOf(
  model: ServableModel,
  layout: Geometry['layout'],
  batch: number,
  latentFrames: number,
  latentHeight: number,
  latentWidth: number,
): Geometry {
  return {
    layout,
    batch,
    latentFrames,
    latentHeight,
    latentWidth,
    height: latentHeight * model.spatialCompression,
    width: latentWidth * model.spatialCompression,
    frames: pictureFrames(model.frames, latentFrames),
  }
}
