/**
 * Latents in JSON, as the first clients sent them and as web pages like to: `{"inputs": "<base64>", "parameters":
 * {"shape": [1, 4, 64, 64], "dtype": "float16"}}`. Parameters of the body and of the query are the same ones.
 */
import * as z from 'zod'
import { fromBase64 } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Envelope } from './media-types.ts'

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
  const parsed = jsonBodySchema.safeParse(parseJson(text))
  if (!parsed.success) {
    return err({ expected: 'a JSON object with the latent in base64 as "inputs" and maybe "parameters"' })
  }
  const bytes = fromBase64(parsed.data.inputs)
  if (!bytes) return err({ expected: '"inputs" to be the bytes of the latent in base64' })
  const params = new URLSearchParams(query)
  for (const [name, value] of Object.entries(parsed.data.parameters)) {
    if (!query.has(name)) append(params, name, value)
  }
  const saysScaling = params.has('do_scaling') || params.has('scaling_factor')
  if (envelope === 'application/json' && !saysScaling) params.set('do_scaling', 'True')
  return ok({ bytes, params })
}

/** Undefined, which no schema takes, when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As Python's requests writes a query: lists repeat the name, null is left out. Objects are no parameters. */
function append(params: URLSearchParams, name: string, value: unknown): void {
  const values = Array.isArray(value) ? (value as unknown[]) : [value]
  for (const one of values) {
    if (['string', 'number', 'boolean'].includes(typeof one)) params.append(name, String(one))
  }
}
