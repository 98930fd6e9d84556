/** What a file turned out to be. */
import type { Tensor } from '../../../src/client/index.ts'

export type Source =
  | { readonly kind: 'latent'; readonly tensor: Tensor; readonly file: LatentFile }
  | { readonly kind: 'picture'; readonly file: Blob; readonly url: string }
  /** Raw bytes that do not say what they are. */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'unreadable'; readonly why: string }

/** How a program gets the latent out of its file. */
export interface LatentFile {
  readonly kind: 'npy' | 'safetensors' | 'raw'
  /** Whether its last bytes are the latent's, as in all but files of several tensors. */
  readonly endsWithTensor: boolean
  /** In a safetensors file. */
  readonly tensorName: string | undefined
  /** Whether ComfyUI saved it, whose latents are in the VAE's own space. */
  readonly isComfyUi: boolean
}
