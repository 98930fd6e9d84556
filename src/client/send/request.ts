/** Requests as the gateway reads them. Pure. */
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '../../wire/deadline.ts'
import { HEADER } from '../../wire/headers.ts'
import { TENSOR } from '../../wire/media-types.ts'
import type { As, DecodeOptions, EncodeOptions, Format, RequestOptions, Scaling } from '../options.ts'
import { bytesOf, type Tensor } from '../tensor/tensor.ts'

/** Where to, and with which key. */
export interface Access {
  /** Without a slash at its end. */
  readonly url: string
  readonly apiKey: string | undefined
}

export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer> | Blob | undefined
}

const ACCEPT: Readonly<Record<Format, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  mp4: 'video/mp4',
  tensor: TENSOR,
  pixels: TENSOR,
}

/** What a latent becomes when nobody says. */
export function formatOf(as: As, format: Format | undefined, shape: readonly number[]): Format {
  if (format) return format
  if (as === 'tensor') return 'tensor'
  return shape.length === 5 && as !== 'bitmap' ? 'mp4' : 'png'
}

export function decodeRequest(
  access: Access,
  latent: Tensor,
  format: Format,
  options: DecodeOptions,
): Outgoing {
  const { model, scaling = 'model', height, width, outputDtype, strict } = options
  const isPicture = format === 'png' || format === 'jpeg'
  const query = new URLSearchParams()
  query.set('output_type', isPicture ? 'pil' : format === 'mp4' ? 'mp4' : 'pt')
  if (isPicture) query.set('image_format', format === 'jpeg' ? 'jpg' : 'png')
  if (format === 'pixels') query.set('partial_postprocess', 'True')
  describe(query, latent)
  scale(query, scaling)
  if (height !== undefined && width !== undefined) {
    query.set('height', String(height))
    query.set('width', String(width))
  }
  if (outputDtype) query.set('output_dtype', outputDtype)
  if (strict) query.set('strict', 'True')
  return {
    method: 'POST',
    url: `${pathOf(access, 'decode', model)}?${query}`,
    headers: { ...headersOf(access, options), 'content-type': TENSOR, accept: ACCEPT[format] },
    body: bytesOf(latent.data),
  }
}

/** @param pixels the file of a picture, or a tensor `[N, 3, H, W]` in -1..1 */
export function encodeRequest(access: Access, pixels: Blob | Tensor, options: EncodeOptions): Outgoing {
  const { model, scaling = 'model', outputDtype } = options
  const isFile = pixels instanceof Blob
  const query = new URLSearchParams()
  if (!isFile) describe(query, pixels)
  scale(query, scaling)
  if (outputDtype) query.set('output_dtype', outputDtype)
  const type = isFile ? pixels.type : TENSOR
  return {
    method: 'POST',
    url: `${pathOf(access, 'encode', model)}?${query}`,
    headers: { ...headersOf(access, options), ...(type !== '' && { 'content-type': type }), accept: TENSOR },
    body: isFile ? pixels : bytesOf(pixels.data),
  }
}

export const modelsRequest = ({ url }: Access): Outgoing => ({
  method: 'GET',
  url: `${url}/v1/models`,
  headers: { accept: 'application/json' },
  body: undefined,
})

/** What is left of the time, as far as the gateway takes it. */
export const deadlineHeader = (remainingMs: number): Record<string, string> => ({
  [HEADER.deadline]: String(Math.round(Math.min(MAX_DEADLINE_MS, Math.max(MIN_DEADLINE_MS, remainingMs)))),
})

const pathOf = ({ url }: Access, operation: 'decode' | 'encode', model: string | undefined): string =>
  `${url}/v1/${operation}${model === undefined ? '' : `/${encodeURIComponent(model)}`}`

const headersOf = ({ apiKey }: Access, { requestId }: RequestOptions): Record<string, string> => ({
  ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  ...(requestId !== undefined && { [HEADER.requestId]: requestId }),
})

function describe(query: URLSearchParams, { shape, dtype }: Tensor): void {
  for (const size of shape) query.append('shape', String(size))
  query.set('dtype', dtype)
}

function scale(query: URLSearchParams, scaling: Scaling): void {
  if (typeof scaling === 'string') {
    query.set('do_scaling', scaling === 'model' ? 'True' : 'False')
    return
  }
  query.set('scaling_factor', String(scaling.factor))
  if (scaling.shift !== undefined) query.set('shift_factor', String(scaling.shift))
}
