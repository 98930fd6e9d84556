/** What anybody may ask for. */
import { problemCodes } from '../../errors/codes.ts'
import { warningCodes } from '../../inspection/codes.ts'
import { problemResponses } from './problems.ts'
import { type Json, jsonAnswer, pathParameters } from './schema.ts'

const operation = (
  operationId: string,
  tag: string,
  summary: string,
  responses: Json,
  parameters?: Json[],
): Json => ({
  get: { operationId, tags: [tag], summary, security: [], ...(parameters && { parameters }), responses },
})

const page = (description: string): Json => ({ description, content: { 'text/html': {} } })

/** JSON, or a page for those who would rather have one. */
const meaning = (component: string): Json => {
  const { content, ...rest } = jsonAnswer('Its meaning.', component) as { content: Json }
  return { ...rest, content: { ...content, 'text/html': {} } }
}

export const publicPaths = (): Json => ({
  '/health': operation('health', 'state', 'Whether the Worker runs; asks nobody', {
    200: jsonAnswer('It runs.', 'Health'),
    ...problemResponses(['internal-error'], []),
  }),
  '/ready': operation('ready', 'state', 'Whether the configuration is good', {
    200: jsonAnswer('It is.', 'Ready'),
    ...problemResponses([]),
  }),
  '/v1/models': operation(
    'listModels',
    'models',
    'Every model that is known, which are served, and how each can be decoded at this moment',
    {
      200: jsonAnswer('The models.', 'Models'),
      ...problemResponses([]),
    },
  ),
  '/v1/models/{id}': operation(
    'showModel',
    'models',
    'One model',
    { 200: jsonAnswer('The model.', 'Model'), ...problemResponses(['unknown-model']) },
    pathParameters(['id', 'Id or alias of a model.']),
  ),
  '/problems/{code}': operation(
    'showProblem',
    'problems',
    'What the type of a problem document means',
    { 200: meaning('ProblemKind'), ...problemResponses(['not-found']) },
    pathParameters(['code', 'Of a problem document.', { enum: problemCodes }]),
  ),
  '/warnings/{code}': operation(
    'showWarning',
    'problems',
    'What a warning about a latent means, and what to do about it',
    { 200: meaning('WarningKind'), ...problemResponses(['not-found']) },
    pathParameters(['code', 'In `x-vae-warning`.', { enum: warningCodes }]),
  ),
  '/openapi.json': operation('describe', 'state', 'This document', {
    200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } },
    ...problemResponses(['not-found']),
  }),
  '/': operation('showPage', 'pages', 'The playground: latents decoded and pictures encoded in a browser', {
    200: page('The page.'),
    ...problemResponses(['not-found']),
  }),
  '/docs': operation('showDocs', 'pages', 'This document for people', {
    200: page('The page.'),
    ...problemResponses(['not-found']),
  }),
  '/assets/{file}': operation(
    'showAsset',
    'pages',
    'A file of the page',
    { 200: { description: 'The file.', content: { '*/*': {} } }, ...problemResponses(['not-found']) },
    pathParameters(['file', 'Its name.']),
  ),
})
