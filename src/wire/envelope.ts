/** Answers in JSON: the bytes in base64, and beside them what headers would say. */
import { toBase64 } from '../lib/bytes.ts'
import type { LatentDtype } from './dtype.ts'
import type { Envelope } from './media-types.ts'

/** What is done to an answer beyond passing it on, which takes all of it in memory. */
export interface Presentation {
  readonly envelope: Envelope | undefined
  /** For tensors of floats; pictures and uint8 stay as they are. */
  readonly dtype: LatentDtype | undefined
}

/** What the bytes are. */
export type Contents =
  | { readonly shape: readonly number[]; readonly dtype: string }
  | { readonly media_type: string }

/** `{"inputs": "<base64>", "parameters": {"shape": [1,3,512,512], "dtype": "float16"}}`, as early clients read it. */
export const seal = (bytes: Uint8Array, contents: Contents): Uint8Array =>
  new TextEncoder().encode(`{"inputs":"${toBase64(bytes)}","parameters":${JSON.stringify(contents)}}`)

/** Bytes of an envelope around so many bytes, at most. */
export const sealedBytes = (bytes: number): number => Math.ceil(bytes / 3) * 4 + 256
