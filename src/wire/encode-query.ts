/** The query string of an encode request, as diffusers' `remote_encode` writes it. */
import * as z from 'zod'
import { err, ok, type Result } from '../lib/result.ts'
import type { LatentDtype } from './dtype.ts'
import { fields, parseQuery, type QueryError, readScaling, type ScalingRequest } from './query-fields.ts'

export const encodeQuerySchema = z.object({
  shape: fields.shape.optional(),
  dtype: fields.dtype.optional(),
  do_scaling: fields.flag.optional(),
  scaling_factor: fields.divisor.optional(),
  shift_factor: fields.float.optional(),
  model: fields.model.optional(),
  output_dtype: fields.outputDtype.optional(),
})

/** Names of the parameters. */
export type EncodeParameter = keyof typeof encodeQuerySchema.shape

export interface EncodeQuery {
  /** Of a tensor of pixels; undefined where the body is a picture's file. */
  readonly tensor: { readonly shape: readonly number[]; readonly dtype: LatentDtype } | undefined
  /** `(z - shift) * factor`, after the encode. */
  readonly scaling: ScalingRequest
  readonly model: string | undefined
  /** The dtype that the latent shall arrive in, whatever the backend computes in. */
  readonly outputDtype: LatentDtype | undefined
}

/** Reads an encode query; the first offence in the order of the schema is the one reported. */
export function parseEncodeQuery(params: URLSearchParams): Result<EncodeQuery, QueryError> {
  const parsed = parseQuery(encodeQuerySchema, params)
  if (!parsed.ok) return parsed
  const { shape, dtype, do_scaling, scaling_factor, shift_factor, model, output_dtype } = parsed.value
  if (shape && !dtype) return missing('dtype', 'that of the tensor that shape describes')
  if (dtype && !shape) return missing('shape', 'that of the tensor that dtype describes')
  return ok({
    tensor: shape && dtype ? { shape, dtype } : undefined,
    scaling: readScaling(do_scaling, scaling_factor, shift_factor),
    model,
    outputDtype: output_dtype,
  })
}

const missing = (parameter: string, expected: string): Result<never, QueryError> =>
  err({ reason: 'missing', parameter, expected })
