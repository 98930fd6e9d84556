/** What the routes that carry latents and pictures have in common. */
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS } from '../../wire/deadline.ts'
import { HEADER } from '../../wire/headers.ts'
import type { Json } from './schema.ts'

const FOUND = {
  [HEADER.requestId]: 'Of this request, in the log too.',
  [HEADER.model]: 'Id of the model.',
  [HEADER.backend]:
    'Id of the backend that did it; of a batch that was decoded in parts a list, in the order of the answer.',
  [HEADER.attempts]: 'Times that something was sent to a backend: the tries of all parts of a batch.',
  [HEADER.quality]: '`preview`: an approximation, without a GPU.',
  [HEADER.shape]: 'Of a tensor, as a JSON array.',
  [HEADER.dtype]: 'Of a tensor.',
  [HEADER.warning]:
    'What looks wrong about the latent, as a structured field; `/warnings/{code}` has the meaning.',
  [HEADER.serverTiming]: 'Where the time went.',
}

const described = (headers: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )

/** Headers of an answer. */
export const found = described(FOUND)

export const deadlineParameter: Json = {
  name: HEADER.deadline,
  in: 'header',
  description: 'How long the client waits, from the last byte of the body to the first of the answer.',
  schema: { type: 'integer', minimum: MIN_DEADLINE_MS, maximum: MAX_DEADLINE_MS },
}

export const securityOf = (isKeyInPath: boolean): Json[] =>
  isKeyInPath ? [] : [{ bearer: [] }, { basic: [] }, { apiKey: [] }]

/** Files that are encoded. */
export const pictures: Json = { 'image/png': {}, 'image/jpeg': {}, 'image/webp': {} }
