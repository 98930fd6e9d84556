/**
 * Latents in JSON, as the first clients sent them and as web pages like to: `{"inputs": "<base64>", "parameters":
 * {"shape": [1, 4, 64, 64], "dtype": "float16"}}`. Parameters of the body and of the query are the same ones.
 */
import * as z from 'zod'
import { fromBase64 } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { decodeQuerySchema } from './decode-query.ts'
import { encodeQuerySchema } from './encode-query.ts'
import type { Envelope } from './media-types.ts'
import { MAX_AXES } from './query-fields.ts'
import { MAX_BESIDE, placeholder, setAside } from './set-aside.ts'

/** The ones that are read; clients send others, which are ignored as in a query. */
const PARAMETERS = Object.keys({ ...decodeQuerySchema.shape, ...encodeQuerySchema.shape })

export const jsonBodySchema = z.object({
  inputs: z.string().describe('The bytes of the latent, or of the picture to encode, in base64.'),
  parameters: z
    .record(z.string(), z.unknown())
    .describe('Parameters of the query, which win where they are in both.')
    .default({}),
})

export interface JsonRequest {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Parameters in the form that a query has them; those of the query win. */
  readonly params: URLSearchParams
}

/** What was expected and not found. */
export type JsonBodyError = { readonly expected: string }

/**
 * @param envelope `application/json` is the protocol of the pilot, where a latent is scaled by its model's constants
 * unless the parameters say otherwise; in `tensor/base64` it is not, as in the binary protocol
 */
export function readJsonRequest(
  text: string,
  envelope: Envelope,
  query: URLSearchParams,
): Result<JsonRequest, JsonBodyError> {
  const parts = setAside(text)
  if (!parts)
    return err({ expected: `at most ${MAX_BESIDE} characters of JSON beside the base64 of "inputs"` })
  const parsed = jsonBodySchema.safeParse(parseJson(parts.beside))
  if (!parsed.success) {
    return err({ expected: 'a JSON object with the latent in base64 as "inputs" and maybe "parameters"' })
  }
  const { inputs, parameters } = parsed.data
  const bytes = readInputs(inputs, parts.long)
  if (!bytes) return err({ expected: '"inputs" to be the bytes of the latent in base64' })
  const params = new URLSearchParams(query)
  for (const name of PARAMETERS) {
    if (Object.hasOwn(parameters, name) && !query.has(name)) append(params, name, parameters[name])
  }
  const saysScaling = params.has('do_scaling') || params.has('scaling_factor')
  if (envelope === 'application/json' && !saysScaling) params.set('do_scaling', 'True')
  return ok({ bytes, params })
}

/** Base64 needs no escapes, but PHP writes one for each slash; to read them takes ten times what the rest does. */
const MAX_ESCAPED = 4_000_000

/** The long string is the latent, where there is one. */
function readInputs(inputs: string, long: string | undefined): Uint8Array<ArrayBuffer> | null {
  if (long === undefined) return fromBase64(inputs)
  if (inputs !== placeholder) return null
  const isEscaped = long.includes('\\')
  if (isEscaped && long.length > MAX_ESCAPED) return null
  const unescaped = isEscaped ? parseJson(`"${long}"`) : long
  return typeof unescaped === 'string' ? fromBase64(unescaped) : null
}

/** Undefined, which no schema takes, when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** More values than any parameter has are refused, however many more. */
const MAX_VALUES = MAX_AXES + 1

/** As Python's requests writes a query: lists repeat the name, null is left out. Objects are no parameters. */
function append(params: URLSearchParams, name: string, value: unknown): void {
  const values = Array.isArray(value) ? (value as unknown[]).slice(0, MAX_VALUES) : [value]
  for (const one of values) {
    if (['string', 'number', 'boolean'].includes(typeof one)) params.append(name, String(one))
  }
}
