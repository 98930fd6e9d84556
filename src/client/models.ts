/** The models of a gateway, as `GET /v1/models` lists them. */
import { UnexpectedAnswerError } from './errors.ts'
import { parseJson } from './problem.ts'
import type { Receive } from './send/send.ts'

/** What is known of a VAE; a gateway may say more than stands here. */
export interface Model {
  readonly id: string
  readonly aliases: readonly string[]
  readonly kind: 'image' | 'video'
  readonly channels: number
  /** Pixels along a side for each element of the latent. */
  readonly spatialCompression: number
  readonly scaling: unknown
  readonly dtype: string
  /** What it is asked to do here: `decode`, `encode`. */
  readonly operations: readonly string[]
  /** Those that it takes, in words; null where it cannot be served. */
  readonly shapes: readonly string[] | null
  readonly limits: { readonly maxMegapixels: number; readonly maxFrames: number | null }
  /** Whether this gateway does anything with it. */
  readonly served: boolean
  readonly backends: readonly { readonly id: string; readonly kind: string }[]
  readonly [fact: string]: unknown
}

export const receiveModels: Receive<readonly Model[]> = async (response, call) => {
  const value = parseJson(await response.text().catch(() => '')) as { models?: unknown } | undefined
  call.close()
  if (Array.isArray(value?.models)) return value.models as Model[]
  throw new UnexpectedAnswerError({
    status: response.status,
    code: 'unexpected-answer',
    message: 'Expected a list of models; is the endpoint a gateway?',
  })
}
