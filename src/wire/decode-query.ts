/**
 * The query string of a decode request, as diffusers' `remote_decode` and its relatives write it: Python
 * booleans, Python floats, repeated `shape`. Parameters we do not know are ignored, because clients send them.
 */
import * as z from 'zod'
import { err, ok, type Result } from '../lib/result.ts'
import { LATENT_DTYPES, type LatentDtype } from './dtype.ts'

const pixels = z
  .string()
  .regex(/^[1-9][0-9]{0,4}$/, 'a whole number from 1 to 99999')
  .transform(Number)

const flag = z
  .string()
  .regex(/^(true|false)$/i, 'True or False')
  .transform((text) => text.toLowerCase() === 'true')

const float = z
  .string()
  .regex(/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?$/i, 'a finite decimal number such as 0.18215')
  .transform(Number)
  .refine(Number.isFinite, 'a finite decimal number such as 0.18215')

const divisor = float.refine((value) => value !== 0, 'a number other than 0')

const EXPECTED_SHAPE = '3 to 5 whole numbers from 1 to 99999, as shape=1&shape=4&shape=64&shape=64'

const DTYPES = `one of ${LATENT_DTYPES.join(', ')}`

/** Nothing decodes float8; whoever has such a latent is told the way out. */
const expectedDtype = (given: unknown): string =>
  typeof given === 'string' && /^float8_/i.test(given)
    ? `${DTYPES}; convert a float8 latent first, as latent.to(torch.float16)`
    : DTYPES

export const decodeQuerySchema = z.object({
  shape: z
    .array(
      z
        .string()
        .regex(/^[1-9][0-9]{0,4}$/, EXPECTED_SHAPE)
        .transform(Number),
      EXPECTED_SHAPE,
    )
    .min(3, EXPECTED_SHAPE)
    .max(5, EXPECTED_SHAPE),
  dtype: z.enum(LATENT_DTYPES, { error: ({ input }) => expectedDtype(input) }),
  output_type: z.enum(['pil', 'pt', 'mp4'], 'one of pil, pt, mp4').optional(),
  image_format: z.enum(['jpg', 'png'], 'jpg or png').optional(),
  partial_postprocess: flag.optional(),
  do_scaling: flag.optional(),
  scaling_factor: divisor.optional(),
  shift_factor: float.optional(),
  height: pixels.optional(),
  width: pixels.optional(),
  model: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'the id or an alias of a model')
    .optional(),
  output_dtype: z.enum(LATENT_DTYPES, DTYPES).optional(),
  strict: flag.optional(),
})

/** Names of the parameters. */
export type DecodeParameter = keyof typeof decodeQuerySchema.shape

/** What the client wants done to the latent before it is decoded (protocol: z / factor + shift). */
export type ScalingRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'model' }
  | { readonly kind: 'explicit'; readonly factor: number; readonly shift: number }

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

export type DecodeQueryError =
  | { readonly reason: 'duplicate'; readonly parameter: string }
  | { readonly reason: 'missing' | 'invalid'; readonly parameter: string; readonly expected: string }

/** Reads a decode query; the first offence in the order of the schema is the one reported. */
export function parseDecodeQuery(params: URLSearchParams): Result<DecodeQuery, DecodeQueryError> {
  const raw: Record<string, string | string[]> = {}
  for (const name of Object.keys(decodeQuerySchema.shape)) {
    const values = params.getAll(name)
    if (name === 'shape') {
      if (values.length > 0) raw[name] = splitShape(values)
    } else if (values.length > 1) {
      return err({ reason: 'duplicate', parameter: name })
    } else if (values[0] !== undefined) {
      raw[name] = values[0]
    }
  }
  const parsed = decodeQuerySchema.safeParse(raw)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const parameter = String(issue?.path[0] ?? 'query')
    const reason = parameter in raw ? 'invalid' : 'missing'
    return err({ reason, parameter, expected: issue?.message ?? 'a valid value' })
  }
  const query = parsed.data
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

/** Clients repeat the key; `shape=[1,4,64,64]` and `shape=1,4,64,64` cost nothing to accept. */
function splitShape(values: string[]): string[] {
  const [only] = values
  if (values.length !== 1 || only === undefined) return values
  return only
    .replace(/^\[(.*)\]$/, '$1')
    .split(',')
    .map((size) => size.trim())
}

function readScaling(doScaling?: boolean, factor?: number, shift?: number): ScalingRequest {
  if (doScaling === false) return { kind: 'none' }
  if (factor !== undefined) return { kind: 'explicit', factor, shift: shift ?? 0 }
  if (doScaling) return { kind: 'model' }
  if (shift !== undefined) return { kind: 'explicit', factor: 1, shift }
  return { kind: 'none' }
}
