/**
 * The query string of a decode request, as diffusers' `remote_decode` and its relatives write it. Parameters we do not
 * know are ignored, because clients send them.
 */
import * as z from 'zod'
import { ok, type Result } from '../lib/result.ts'
import type { LatentDtype } from './dtype.ts'
import { fields, parseQuery, type QueryError, readScaling, type ScalingRequest } from './query-fields.ts'

export type { ScalingRequest } from './query-fields.ts'

export const decodeQuerySchema = z.object({
  shape: fields.shape,
  dtype: fields.dtype,
  output_type: z.enum(['pil', 'pt', 'mp4'], 'one of pil, pt, mp4').optional(),
  image_format: z.enum(['jpg', 'png'], 'jpg or png').optional(),
  partial_postprocess: fields.flag.optional(),
  do_scaling: fields.flag.optional(),
  scaling_factor: fields.divisor.optional(),
  shift_factor: fields.float.optional(),
  height: fields.pixels.optional(),
  width: fields.pixels.optional(),
  model: fields.model.optional(),
  output_dtype: fields.outputDtype.optional(),
  strict: fields.flag.optional(),
})

/** Names of the parameters. */
export type DecodeParameter = keyof typeof decodeQuerySchema.shape

export interface DecodeQuery {
  readonly shape: readonly number[]
  readonly dtype: LatentDtype
  /** Absent in encode requests, which share the URL. */
  readonly outputType: 'pil' | 'pt' | 'mp4' | undefined
  readonly imageFormat: 'jpg' | 'png'
  readonly partialPostprocess: boolean
  readonly scaling: ScalingRequest
  /** Pixels of the picture, when the client sent both sides; meaningful for packed latents only. */
  readonly size: { readonly height: number; readonly width: number } | undefined
  readonly model: string | undefined
  /** The dtype that a tensor of floats shall arrive in, whatever the backend computes in. */
  readonly outputDtype: LatentDtype | undefined
  /** Whether a latent that looks wrong shall be refused. */
  readonly strict: boolean
}

/** Reads a decode query; the first offence in the order of the schema is the one reported. */
export function parseDecodeQuery(params: URLSearchParams): Result<DecodeQuery, QueryError> {
  const parsed = parseQuery(decodeQuerySchema, params)
  if (!parsed.ok) return parsed
  const query = parsed.value
  return ok({
    shape: query.shape,
    dtype: query.dtype,
    outputType: query.output_type,
    imageFormat: query.image_format ?? 'jpg',
    partialPostprocess: query.partial_postprocess ?? false,
    scaling: readScaling(query.do_scaling, query.scaling_factor, query.shift_factor),
    size:
      query.height !== undefined && query.width !== undefined
        ? { height: query.height, width: query.width }
        : undefined,
    model: query.model,
    outputDtype: query.output_dtype,
    strict: query.strict ?? false,
  })
}
