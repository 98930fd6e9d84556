/** The encode routes. */
import { type ProblemCode, problemCodes } from '../../errors/codes.ts'
import { type EncodeParameter, encodeQuerySchema } from '../../wire/encode-query.ts'
import { JSON_TYPE, TENSOR, TENSOR_BASE64 } from '../../wire/media-types.ts'
import { deadlineParameter, found, pictures, securityOf } from './carrier.ts'
import { NOT_OF_DECODES } from './decode.ts'
import { problemResponses } from './problems.ts'
import { type Json, pathParameters, queryParameters, ref } from './schema.ts'

/** Where the URL says encode these do not come. */
const OF_DECODES: readonly ProblemCode[] = [
  'latent-not-finite',
  'latent-suspicious',
  'unsupported-output',
  'model-not-inferred',
]

const PARAMETERS: Readonly<Record<EncodeParameter, string>> = {
  shape: 'Of a tensor of pixels in -1..1, once per axis; left out for the file of a picture.',
  dtype: 'Of the elements of a tensor; left out for the file of a picture.',
  do_scaling: 'Whether the latent is to be scaled as its model says. True or False, in any case.',
  scaling_factor: 'The latent is multiplied by it. A decimal number other than 0.',
  shift_factor: 'Is taken off before. A decimal number.',
  model: 'Where the path names none: its id or alias.',
  output_dtype: 'That the latent is converted to; left out, it comes as the backend computes.',
}

const operation = (isKeyInPath: boolean, namesModel: boolean, operationId: string): Json => ({
  operationId,
  tags: ['encode'],
  summary: namesModel ? 'Encode a picture for this model' : 'Encode a picture for the model that is named',
  security: securityOf(isKeyInPath),
  parameters: [
    ...pathParameters(...(isKeyInPath ? [['key', 'The API key.'] as const] : [])),
    ...pathParameters(...(namesModel ? [['model', 'Id or alias of a model.'] as const] : [])),
    ...queryParameters(encodeQuerySchema, 'input', PARAMETERS),
    deadlineParameter,
  ],
  requestBody: {
    required: true,
    description:
      'The file of a picture, told by its first bytes; or the raw little-endian bytes of a tensor [N, 3, H, W], of a video ' +
      '[N, 3, F, H, W], with shape and dtype; or JSON with either.',
    content: {
      ...pictures,
      [TENSOR]: {},
      'application/octet-stream': {},
      [JSON_TYPE]: { schema: ref('LatentInJson') },
      [TENSOR_BASE64]: { schema: ref('LatentInJson') },
    },
  },
  responses: {
    200: {
      description: 'The latent, as shape and dtype say.',
      headers: found,
      content: {
        [TENSOR]: {},
        [JSON_TYPE]: { schema: ref('AnswerInJson') },
        [TENSOR_BASE64]: { schema: ref('AnswerInJson') },
      },
    },
    ...problemResponses(
      problemCodes.filter((code) => !NOT_OF_DECODES.includes(code) && !OF_DECODES.includes(code)),
      [],
    ),
  },
})

export const encodePaths = (): Json => ({
  '/v1/encode': { post: operation(false, false, 'encodeAny') },
  '/v1/encode/{model}': { post: operation(false, true, 'encode') },
  '/k/{key}/v1/encode': { post: operation(true, false, 'encodeWithKeyAny') },
  '/k/{key}/v1/encode/{model}': { post: operation(true, true, 'encodeWithKey') },
})
