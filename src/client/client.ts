import { realAmbient } from '../lib/ambient.ts'
import { TENSOR } from '../wire/media-types.ts'
import { type Answer, checkForm, receiverOf } from './answer/present.ts'
import { type Model, receiveModels } from './models.ts'
import type { As, ClientOptions, DecodeOptions, EncodeOptions, RequestOptions } from './options.ts'
import { readEndpoint } from './send/endpoint.ts'
import { decodeRequest, encodeRequest, formatOf, modelsRequest } from './send/request.ts'
import { type Network, send } from './send/send.ts'
import { readTensorLike, type TensorLike } from './tensor/tensor.ts'

export interface Client {
  /**
   * Decodes a latent to a picture, video or tensor, by default to a blob with a PNG or MP4.
   *
   * @throws VaeGatewayError of some kind, InvalidTensorError where shape and data disagree, or the reason of `signal`
   */
  decode<A extends As = 'blob'>(latent: TensorLike, options?: DecodeOptions<A>): Promise<Answer<A>>
  /**
   * Encodes a picture (the file as PNG, JPEG or WebP) or a tensor `[N, 3, H, W]` of floats in -1..1 to a latent.
   *
   * @throws as `decode`
   */
  encode<A extends 'tensor' | 'stream' = 'tensor'>(
    pixels: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | TensorLike,
    options?: EncodeOptions<A>,
  ): Promise<Answer<A>>
  /** The models that the gateway knows, and how they can be decoded now. */
  models(options?: RequestOptions): Promise<readonly Model[]>
}

/** @throws TypeError where the endpoint is none */
export function createClient(options: ClientOptions): Client {
  const { endpoint, apiKey, fetch, ambient = realAmbient, deadlineMs, retry } = options
  const access = { url: readEndpoint(endpoint), apiKey }
  const transport = { fetch: fetch ?? realAmbient.fetch, isPlatforms: fetch === undefined }
  const network: Network = { transport, ambient }
  // XMLHttpRequest gives an answer when all of it is there; who wants a stream wants it before.
  const networkFor = (as: As): Network =>
    as === 'stream' ? { transport: { ...transport, isPlatforms: false }, ambient } : network
  const usual = { deadlineMs, retry }
  return {
    async decode<A extends As = 'blob'>(latent: TensorLike, given: DecodeOptions<A> = {}) {
      const all = { ...usual, ...defined(given) }
      const { as = 'blob' as A } = all
      const tensor = readTensorLike(latent)
      const request = decodeRequest(access, tensor, formatOf(as, all.format, tensor.shape), all)
      const { accept = '' } = request.headers
      checkForm(as, accept)
      return send(request, receiverOf(as, accept, all.onProgress), all, networkFor(as))
    },
    async encode<A extends 'tensor' | 'stream' = 'tensor'>(
      pixels: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | TensorLike,
      given: EncodeOptions<A> = {},
    ) {
      const all = { ...usual, ...defined(given) }
      const { as = 'tensor' as A } = all
      const request = encodeRequest(access, readPixels(pixels), all)
      return send(request, receiverOf(as, TENSOR, all.onProgress), all, networkFor(as))
    },
    models: (given = {}) =>
      send(modelsRequest(access), receiveModels, { ...usual, ...defined(given) }, network),
  }
}

function readPixels(pixels: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | TensorLike) {
  if (pixels instanceof Blob) return pixels
  const isFile = pixels instanceof ArrayBuffer || ArrayBuffer.isView(pixels)
  return isFile ? new Blob([pixels]) : readTensorLike(pixels)
}

/** What is said to be undefined is not said. */
const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
