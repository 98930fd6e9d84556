/** What a client, and each of its requests, can be told. */
import type { Ambient } from '../lib/ambient.ts'
import type { LatentDtype } from '../wire/dtype.ts'
import type { VaeGatewayError } from './errors.ts'

export interface ClientOptions {
  /** Where the gateway is: `https://vae.example.com`. In a page it may be relative to it, as `/`. */
  readonly endpoint: string | URL
  /** None where the gateway lets anybody in. */
  readonly apiKey?: string | undefined
  /** Used in place of the platform's own. */
  readonly fetch?: typeof fetch | undefined
  /** For requests that say nothing of it themselves. */
  readonly deadlineMs?: number | undefined
  readonly retry?: RetryOptions | undefined
  /** Time and chance, for tests. */
  readonly ambient?: Pick<Ambient, 'now' | 'random' | 'after'> | undefined
}

/** `false`: every request is sent once. */
export type RetryOptions =
  | false
  | {
      /** Times that a request is sent at most. 5 unless said. */
      readonly attempts?: number | undefined
      /** A longer wait is not worth it; the request fails at once then. 30 000 unless said. */
      readonly maxDelayMs?: number | undefined
    }

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * For everything: waits, tries, up to the last byte of what is received whole, or to the first of a stream. The gateway is
   * told as well, and waits for 1 to 120 s, 60 s unless said.
   */
  readonly deadlineMs?: number | undefined
  readonly retry?: RetryOptions | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly onRetry?: ((retry: Retry) => void) | undefined
  /** Letters, digits, `-` and `_`, 64 at most; finds the request in the gateway's log. */
  readonly requestId?: string | undefined
}

export interface Progress {
  /** Up, then nothing but waiting for the first byte of the answer, then down. */
  readonly phase: 'sending' | 'waiting' | 'receiving'
  /** So far, of the phase. */
  readonly bytes: number
  readonly totalBytes: number | undefined
}

/** A try that failed, before the next one. */
export interface Retry {
  /** Tries so far. */
  readonly attempt: number
  readonly delayMs: number
  readonly error: VaeGatewayError
}

/**
 * - `model`: by the model's own constants; the latent is as the diffusion model makes and takes it
 * - `none`: the latent is in the VAE's own space, as ComfyUI has it
 */
export type Scaling = 'model' | 'none' | { readonly factor: number; readonly shift?: number | undefined }

/** What the answer is given as. */
export type As = 'blob' | 'bitmap' | 'tensor' | 'stream'

/** `tensor`: floats, `[N, 3, H, W]` in -1..1; `pixels`: uint8, `[N, H, W, 3]`; of videos with frames. */
export type Format = 'png' | 'jpeg' | 'mp4' | 'tensor' | 'pixels'

export interface DecodeOptions<A extends As = As> extends RequestOptions {
  /** Id or alias; inferred from the latent unless said, where only one fits. */
  readonly model?: string | undefined
  /** A `blob` unless said. */
  readonly as?: A | undefined
  /** `tensor` as a tensor; else `mp4` of latents with five axes and `png` of others. */
  readonly format?: Format | undefined
  /** `model` unless said. */
  readonly scaling?: Scaling | undefined
  /** Pixels; needed for packed latents, as those of Flux. */
  readonly height?: number | undefined
  readonly width?: number | undefined
  /** Of a tensor of floats; that of the model unless said. */
  readonly outputDtype?: LatentDtype | undefined
  /** Whether a latent that looks wrong is refused and not only warned of. */
  readonly strict?: boolean | undefined
}

export interface EncodeOptions<A extends 'tensor' | 'stream' = 'tensor' | 'stream'> extends RequestOptions {
  /** Id or alias; may be left out where only one model encodes. */
  readonly model?: string | undefined
  /** A `tensor` unless said. */
  readonly as?: A | undefined
  /** `model` unless said. */
  readonly scaling?: Scaling | undefined
  /** Of the latent; that of the model unless said. */
  readonly outputDtype?: LatentDtype | undefined
}
