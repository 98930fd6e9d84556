/**
 * What the gateway knows of a VAE: the shape of its latents, how they become pixels, how they are scaled.
 * Numbers that no public source states are null; such a model is listed but cannot be served.
 */
export interface VaeModel {
  readonly id: string
  readonly aliases: readonly string[]
  readonly kind: 'image' | 'video'
  /** The id of the model whose latents these are: models of one latent space decode each other's latents. */
  readonly latentSpace: string
  readonly diffusersClass: string
  /** A Hub repository that carries the weights. */
  readonly checkpoint: string | null
  /** Latent channels, before any packing. */
  readonly channels: number | null
  /** Pixels per latent element along each side. */
  readonly spatialCompression: number | null
  readonly frames: FrameRule
  /** Unpacked axis orders a client may send, the usual one first. */
  readonly layouts: readonly Layout[]
  readonly packing: Packing | null
  readonly scaling: Scaling
  /** The dtype the weights usually run in, which is the dtype of `pt` answers. */
  readonly dtype: 'float16' | 'bfloat16' | 'float32' | null
  readonly outputs: readonly OutputType[]
  /** Less than what any model of its kind may decode at once; set by the operator. */
  readonly limits?: { readonly maxMegapixels?: number; readonly maxFrames?: number }
  /** Where the numbers were read: repository short name and path. */
  readonly sources: readonly string[]
}

export type OutputType = 'pil' | 'pt' | 'mp4'

/** Axes of a latent: batch, channels, latent frames, height, width. */
export type Layout = 'BCHW' | 'BCTHW' | 'BTCHW' | 'BTHWC'

/** How t latent frames become picture frames. */
export type FrameRule =
  | { readonly kind: 'still' }
  /** (t - 1) * stride + 1 */
  | { readonly kind: 'causal'; readonly stride: number }
  /** t * stride */
  | { readonly kind: 'uniform'; readonly stride: number }
  /** causal for odd t, uniform for even t (CogVideoX) */
  | { readonly kind: 'parity'; readonly stride: number }

/**
 * Latents flattened to a sequence of tokens.
 * - `flux-2x2`: [B, (H/16)(W/16), 4C], token channel = c*4 + dy*2 + dx
 * - `flux2-patchify`: the same patches, also as [B, 4C, H/16, W/16]
 * - `ltx-flatten`: [B, T*h*w, C]
 */
export type Packing = 'flux-2x2' | 'flux2-patchify' | 'ltx-flatten'

/** How a diffusion-space latent z becomes what the VAE decodes. */
export type Scaling =
  /** z / factor + shift */
  | { readonly kind: 'factor'; readonly factor: number; readonly shift: number }
  /** z * std / factor + mean, per channel (per packed channel, or per channel and latent frame) */
  | {
      readonly kind: 'statistics'
      readonly mean: readonly number[]
      readonly std: readonly number[]
      readonly factor: number
      /** Set when the statistics differ by latent frame: `mean` is then [channel][frame], flattened. */
      readonly latentFrames?: number
    }
  /** z is decoded as it is */
  | { readonly kind: 'none' }
  /** The constants are part of the weights: only a backend can scale. */
  | { readonly kind: 'checkpoint' }
