/** A decode request as this command sends it. Pure. */
import { extname } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import { findModel } from '../../models/registry.ts'
import { HEADER } from '../../wire/headers.ts'
import { TENSOR } from '../../wire/media-types.ts'
import type { Latent } from './latent.ts'

export interface DecodeFacts {
  /** Id or alias; without it the gateway infers the model. */
  readonly model?: string
  /** Pixels; for packed latents. */
  readonly height?: number
  readonly width?: number
  /** `model`: as the model's own constants say; `none`: the latent is in the VAE's space already. */
  readonly scaling: 'model' | 'none' | { readonly factor: number; readonly shift: number | undefined }
  readonly deadlineMs?: number
}

type MediaType = 'image/png' | 'image/jpeg' | 'video/mp4'

const MEDIA_TYPES: Readonly<Record<string, MediaType>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.mp4': 'video/mp4',
}

/** What a file of this name holds, or what was expected. */
export function mediaTypeOf(output: string): Result<MediaType, string> {
  const extension = extname(output).toLowerCase()
  const found = Object.hasOwn(MEDIA_TYPES, extension) ? MEDIA_TYPES[extension] : undefined
  return found ? ok(found) : err(`a name that ends with ${Object.keys(MEDIA_TYPES).join(', ')}`)
}

/** Where the picture goes when nobody says: beside the latent, as a picture or as a video. */
export function defaultOutput(file: string, { shape }: Latent, model: string | undefined): string {
  const kind = model === undefined ? undefined : findModel(model)?.kind
  const isVideo = kind === undefined ? shape.length === 5 : kind === 'video'
  return `${file.slice(0, file.length - extname(file).length)}.${isVideo ? 'mp4' : 'png'}`
}

/** Path and query of the request. */
export function decodeTarget(latent: Latent, mediaType: MediaType, facts: DecodeFacts): string {
  const { model, scaling, height, width } = facts
  const query = new URLSearchParams()
  query.set('output_type', mediaType === 'video/mp4' ? 'mp4' : 'pil')
  query.set('image_format', mediaType === 'image/jpeg' ? 'jpg' : 'png')
  for (const size of latent.shape) query.append('shape', String(size))
  query.set('dtype', latent.dtype)
  if (scaling === 'model') query.set('do_scaling', 'True')
  else if (scaling === 'none') query.set('do_scaling', 'False')
  else {
    query.set('scaling_factor', String(scaling.factor))
    if (scaling.shift !== undefined) query.set('shift_factor', String(scaling.shift))
  }
  if (height !== undefined && width !== undefined) {
    query.set('height', String(height))
    query.set('width', String(width))
  }
  return `/v1/decode${model === undefined ? '' : `/${encodeURIComponent(model)}`}?${query}`
}

export const decodeHeaders = (
  key: string,
  latent: Latent,
  mediaType: MediaType,
  { deadlineMs }: DecodeFacts,
): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  'content-type': TENSOR,
  'content-length': String(latent.bytes.length),
  accept: mediaType,
  ...(deadlineMs === undefined ? {} : { [HEADER.deadline]: String(deadlineMs) }),
})
