/** Parameters as Python clients write them: its booleans, its floats, lists that repeat the name. */
import * as z from 'zod'
import { err, ok, type Result } from '../lib/result.ts'
import { LATENT_DTYPES } from './dtype.ts'

/** Of a shape. */
export const MAX_AXES = 5

const EXPECTED_SHAPE = '3 to 5 whole numbers from 1 to 99999, as shape=1&shape=4&shape=64&shape=64'
const DTYPES = `one of ${LATENT_DTYPES.join(', ')}`

/** Nothing decodes float8; whoever has such a latent is told the way out. */
const expectedDtype = (given: unknown): string =>
  typeof given === 'string' && /^float8_/i.test(given)
    ? `${DTYPES}; convert a float8 latent first, as latent.to(torch.float16)`
    : DTYPES

const float = z
  .string()
  // Every digit can be read in one way only: two would be tried against each other, in time that grows by the square.
  .regex(/^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?$/i, 'a finite decimal number such as 0.18215')
  .transform(Number)
  .refine(Number.isFinite, 'a finite decimal number such as 0.18215')

const side = z
  .string()
  .regex(/^[1-9][0-9]{0,4}$/, EXPECTED_SHAPE)
  .transform(Number)

export const fields = {
  shape: z.array(side, EXPECTED_SHAPE).min(3, EXPECTED_SHAPE).max(MAX_AXES, EXPECTED_SHAPE),
  dtype: z.enum(LATENT_DTYPES, { error: ({ input }) => expectedDtype(input) }),
  outputDtype: z.enum(LATENT_DTYPES, DTYPES),
  pixels: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, 'a whole number from 1 to 99999')
    .transform(Number),
  flag: z
    .string()
    .regex(/^(true|false)$/i, 'True or False')
    .transform((text) => text.toLowerCase() === 'true'),
  float,
  divisor: float.refine((value) => value !== 0, 'a number other than 0'),
  model: z.string().regex(/^[\w.-]{1,64}$/, 'the id or an alias of a model'),
} as const

export type QueryError =
  | { readonly reason: 'duplicate'; readonly parameter: string }
  | { readonly reason: 'missing' | 'invalid'; readonly parameter: string; readonly expected: string }

/** Reads what the schema knows and ignores the rest; the first offence in its order is the one reported. */
export function parseQuery<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  params: URLSearchParams,
): Result<z.output<z.ZodObject<Shape>>, QueryError> {
  const raw: Record<string, string | string[]> = {}
  for (const name of Object.keys(schema.shape)) {
    const values = params.getAll(name)
    if (name === 'shape') {
      if (values.length > 0) raw[name] = splitShape(values)
    } else if (values.length > 1) {
      return err({ reason: 'duplicate', parameter: name })
    } else if (values[0] !== undefined) {
      raw[name] = values[0]
    }
  }
  const parsed = schema.safeParse(raw)
  if (parsed.success) return ok(parsed.data)
  const [issue] = parsed.error.issues
  const parameter = String(issue?.path[0] ?? 'query')
  const reason = parameter in raw ? 'invalid' : 'missing'
  return err({ reason, parameter, expected: issue?.message ?? 'a valid value' })
}

/** Clients repeat the key; `shape=[1,4,64,64]` and `shape=1,4,64,64` cost nothing to accept. Of too many one too many is kept. */
function splitShape(values: string[]): string[] {
  const [only] = values
  if (values.length !== 1 || only === undefined) return values.slice(0, MAX_AXES + 1)
  return only
    .replace(/^\[(.*)\]$/, '$1')
    .split(',', MAX_AXES + 1)
    .map((size) => size.trim())
}

/** What the client wants done to the latent: before it is decoded `z / factor + shift`, after an encode the reverse. */
export type ScalingRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'model' }
  | { readonly kind: 'explicit'; readonly factor: number; readonly shift: number }

export function readScaling(doScaling?: boolean, factor?: number, shift?: number): ScalingRequest {
  if (doScaling === false) return { kind: 'none' }
  if (factor !== undefined) return { kind: 'explicit', factor, shift: shift ?? 0 }
  if (doScaling) return { kind: 'model' }
  if (shift !== undefined) return { kind: 'explicit', factor: 1, shift }
  return { kind: 'none' }
}
