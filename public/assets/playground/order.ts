/** What shall be done with an item, as the client is told of it. */
import type { DecodeOptions, EncodeOptions } from '../../../src/client/index.ts'
import type { PixelSize } from './models.ts'

export interface Order {
  readonly modelId: string | undefined
  /** For packed latents. */
  readonly size: PixelSize | undefined
  /** `model`: the latent is as the diffusion model makes it. `none`: it is in the VAE's own space, as ComfyUI saves it. */
  readonly scaling: 'model' | 'none'
  readonly format: 'png' | 'jpeg' | 'mp4'
}

export const decodeOptions = ({ modelId, size, scaling, format }: Order) =>
  ({
    model: modelId,
    height: size?.height,
    width: size?.width,
    scaling,
    format,
  }) satisfies DecodeOptions<'blob'>

export const encodeOptions = ({ modelId, scaling }: Order) =>
  ({ model: modelId, scaling }) satisfies EncodeOptions<'tensor'>
