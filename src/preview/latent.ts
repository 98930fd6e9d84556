/** A latent as it arrived, read element by element in diffusion space, whatever its layout and scaling. */
import type { Geometry } from '../models/geometry.ts'
import type { ServableModel } from '../models/registry.ts'
import type { Scaling } from '../models/vae.ts'
import type { ScalingRequest } from '../wire/decode-query.ts'

export interface Latent {
  readonly values: Float32Array
  readonly geometry: Geometry
  readonly channels: number
  /** Where element (batch, channel, latent frame, row, column) stands in `values`. */
  readonly indexOf: (b: number, c: number, t: number, y: number, x: number) => number
  /** The affine map that brings an element of channel c to diffusion space. */
  readonly normalise: (c: number, t: number, y: number, x: number) => Affine
}

export interface Affine {
  readonly gain: number
  readonly offset: number
}

/**
 * @param values all elements in the order of the body
 * @param rank of the shape that was sent; FLUX.2 packs into three or four axes
 * @param scaling what the client asked to be done before the decode
 */
export function readLatent(
  model: ServableModel,
  geometry: Geometry,
  values: Float32Array,
  rank: number,
  scaling: ScalingRequest,
): Latent {
  return {
    values,
    geometry,
    channels: model.channels,
    indexOf: elementIndex(geometry, model.channels, rank),
    normalise: toDiffusionSpace(model.scaling, scaling, model.channels),
  }
}

function elementIndex(geometry: Geometry, channels: number, rank: number): Latent['indexOf'] {
  const { layout, latentFrames: frames, latentHeight: height, latentWidth: width } = geometry
  const columns = width / 2
  const patch = (c: number, y: number, x: number): number => c * 4 + (y % 2) * 2 + (x % 2)
  const cell = (y: number, x: number): number => (y >> 1) * columns + (x >> 1)
  const cells = (height / 2) * columns
  switch (layout) {
    case 'flux-2x2':
      return (b, c, _t, y, x) => (b * cells + cell(y, x)) * channels * 4 + patch(c, y, x)
    case 'flux2-patchify':
      return rank === 3
        ? (b, c, _t, y, x) => (b * cells + cell(y, x)) * channels * 4 + patch(c, y, x)
        : (b, c, _t, y, x) => (b * channels * 4 + patch(c, y, x)) * cells + cell(y, x)
    case 'ltx-flatten':
      return (b, c, t, y, x) => (((b * frames + t) * height + y) * width + x) * channels + c
    default: {
      const sizes: Record<string, number> = { B: 0, C: channels, T: frames, H: height, W: width }
      const stride: Record<string, number> = { B: 0, C: 0, T: 0, H: 0, W: 0 }
      let step = 1
      for (const axis of [...layout].reverse()) {
        stride[axis] = step
        step *= sizes[axis] ?? 1
      }
      const { B = 0, C = 0, T = 0, H = 0, W = 0 } = stride
      return (b, c, t, y, x) => b * B + c * C + t * T + y * H + x * W
    }
  }
}

/**
 * A VAE first brings the latent to its raw space as the client asked, then decodes. The factors are for diffusion
 * space, so the raw value is taken back by the model's own constants: a wrong scaling factor then looks as wrong
 * here as it would from the VAE.
 */
export function toDiffusionSpace(
  model: Scaling,
  asked: ScalingRequest,
  channels: number,
): Latent['normalise'] {
  const identity: Affine = { gain: 1, offset: 0 }
  if (asked.kind === 'model' || model.kind === 'none' || model.kind === 'checkpoint') return () => identity
  const raw: Affine =
    asked.kind === 'explicit' ? { gain: 1 / asked.factor, offset: asked.shift } : { gain: 1, offset: 0 }
  if (model.kind === 'factor') {
    const affine = { gain: raw.gain * model.factor, offset: (raw.offset - model.shift) * model.factor }
    return () => affine
  }
  const affines = model.mean.map((mean, i) => {
    const scale = model.factor / (model.std[i] ?? 1)
    return { gain: raw.gain * scale, offset: (raw.offset - mean) * scale }
  })
  const at = (i: number): Affine => affines[i] ?? identity
  if (model.latentFrames !== undefined) {
    const frames = model.latentFrames
    return (c, t) => at(c * frames + Math.min(t, frames - 1))
  }
  const patchified = affines.length === channels * 4
  return patchified ? (c, _t, y, x) => at(c * 4 + (y % 2) * 2 + (x % 2)) : (c) => at(c)
}
