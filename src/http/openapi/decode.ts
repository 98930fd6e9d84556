/** The decode routes: one operation under many paths. */
import { type ProblemCode, problemCodes } from '../../errors/codes.ts'
import { type DecodeParameter, decodeQuerySchema } from '../../wire/decode-query.ts'
import { JSON_TYPE, TENSOR, TENSOR_BASE64 } from '../../wire/media-types.ts'
import { deadlineParameter, found, pictures, securityOf } from './carrier.ts'
import { problemResponses } from './problems.ts'
import { type Json, pathParameters, queryParameters, ref } from './schema.ts'

/** Codes that no decode is answered with: those of other routes, and what only a log is told. */
export const NOT_OF_DECODES: readonly ProblemCode[] = [
  'not-found',
  'method-not-allowed',
  'unknown-key',
  'unknown-backend',
  'key-not-active',
  'key-unavailable',
  'directory-unavailable',
  'client-closed-request',
]

/** Where the URL says decode these do not come. */
export const OF_ENCODES: readonly ProblemCode[] = [
  'encode-unsupported',
  'invalid-picture',
  'picture-too-large',
]

const PARAMETERS: Readonly<Record<DecodeParameter, string>> = {
  shape: 'Shape of the latent, once per axis. Needed, here or in JSON.',
  dtype: 'Of the elements of the latent. Needed, here or in JSON.',
  output_type: 'A picture or the tensor that it is made of (`pil`), a tensor (`pt`), a video (`mp4`).',
  image_format: 'Of a picture; `jpg` when left out.',
  partial_postprocess: 'Tensors as bytes from 0 to 255 in the order of pictures. True or False, in any case.',
  do_scaling: 'Whether the latent is still to be scaled as its model says. True or False, in any case.',
  scaling_factor: 'The latent is divided by it. A decimal number other than 0.',
  shift_factor: 'Is added then. A decimal number.',
  height: 'Of the picture, in pixels; needed for packed latents only.',
  width: 'Of the picture, in pixels; needed for packed latents only.',
  model: 'Where the path names none: its id or alias; left out, the shape of the latent tells.',
  output_dtype:
    'That a tensor of numbers with fractions is converted to; left out, it comes as the backend computes.',
  strict: 'Whether a latent that looks wrong is refused, instead of a warning. True or False, in any case.',
}

interface Form {
  readonly isKeyInPath: boolean
  readonly namesModel: boolean
  /** Whether the path says decode, or may also mean encode. */
  readonly impliesDecode: boolean
}

const operation = ({ isKeyInPath, namesModel, impliesDecode }: Form, operationId: string): Json => ({
  operationId,
  tags: ['decode'],
  summary: namesModel
    ? 'Decode a latent of this model'
    : 'Decode a latent, whose model is named or recognised',
  security: securityOf(isKeyInPath),
  parameters: [
    ...pathParameters(...(isKeyInPath ? [['key', 'The API key.'] as const] : [])),
    ...pathParameters(...(namesModel ? [['model', 'Id or alias of a model.'] as const] : [])),
    // In JSON they may all stand in the body.
    ...queryParameters(decodeQuerySchema.partial(), 'input', PARAMETERS),
    deadlineParameter,
  ],
  requestBody: {
    required: true,
    description:
      'The raw little-endian bytes of the latent; or JSON with them, which may hold the parameters too.' +
      (impliesDecode ? '' : ' Without output_type it is an encode: see /v1/encode.'),
    content: {
      [TENSOR]: {},
      'application/octet-stream': {},
      ...(!impliesDecode && pictures),
      [JSON_TYPE]: { schema: ref('LatentInJson') },
      [TENSOR_BASE64]: { schema: ref('LatentInJson') },
    },
  },
  responses: {
    200: {
      description: 'The picture, tensor or video; which one Accept and output_type decide.',
      headers: found,
      content: {
        'image/jpeg': {},
        'image/png': {},
        [TENSOR]: {},
        'video/mp4': {},
        'text/plain': {},
        [JSON_TYPE]: { schema: ref('AnswerInJson') },
        [TENSOR_BASE64]: { schema: ref('AnswerInJson') },
      },
    },
    ...problemResponses(
      problemCodes.filter(
        (code) => !NOT_OF_DECODES.includes(code) && !(impliesDecode && OF_ENCODES.includes(code)),
      ),
      [],
    ),
  },
})

export function decodePaths(): Json {
  const both = (prefix: string, isKeyInPath: boolean, name: string): [string, Json][] =>
    [false, true].flatMap((impliesDecode): [string, Json][] => {
      const base = `${prefix}${impliesDecode ? '/v1/decode' : ''}`
      const id = `${name}${impliesDecode ? 'Versioned' : ''}`
      const form = { isKeyInPath, impliesDecode }
      return [
        [base || '/', { post: operation({ ...form, namesModel: false }, `${id}Any`) }],
        [`${base}/{model}`, { post: operation({ ...form, namesModel: true }, id) }],
      ]
    })
  return Object.fromEntries([...both('', false, 'decode'), ...both('/k/{key}', true, 'decodeWithKey')])
}
