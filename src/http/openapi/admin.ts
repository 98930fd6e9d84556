/** What operators may ask for. */
import { listKeysSchema, orders, usageQuerySchema } from '../../admin/contract.ts'
import type { ProblemCode } from '../../errors/codes.ts'
import { EXPOSITION_TYPE } from '../../telemetry/exposition.ts'
import { problemResponses } from './problems.ts'
import { type Json, jsonAnswer, pathParameters, queryParameters, ref } from './schema.ts'

const OF_BODIES: readonly ProblemCode[] = [
  'upload-timeout',
  'payload-too-large',
  'unsupported-media-type',
  'invalid-body',
]

interface Operation {
  readonly id: string
  readonly summary: string
  readonly status?: 200 | 201
  readonly answer: string
  readonly parameters?: readonly Json[]
  /** Name of what is sent; it may be left out unless a key is created. */
  readonly body?: 'CreateKey' | 'RotateKey' | 'RevokeKey' | 'Nothing'
  readonly problems?: readonly ProblemCode[]
}

const operation = ({
  id,
  summary,
  status = 200,
  answer,
  parameters,
  body,
  problems = [],
}: Operation): Json => ({
  operationId: id,
  tags: ['admin'],
  summary,
  security: [{ adminToken: [] }],
  ...(parameters && { parameters }),
  ...(body && {
    requestBody: { required: body === 'CreateKey', content: { 'application/json': { schema: ref(body) } } },
  }),
  responses: {
    [status]: jsonAnswer(summary, answer),
    ...problemResponses(['unauthorized', 'too-many-bad-keys', ...(body ? OF_BODIES : []), ...problems]),
  },
})

const keyId = pathParameters([
  'id',
  'Of the key: 16 hexadecimal digits.',
  { type: 'string', pattern: '^[0-9a-f]{16}$' },
])
const pageQuery = { limit: 'Keys on a page.', cursor: 'That of the page before.' }
const usageQuery = { days: 'At most, today among them.' }

export const adminPaths = (): Json => ({
  '/v1/admin/keys': {
    get: operation({
      id: 'listKeys',
      summary: 'Keys, the latest first',
      answer: 'KeyPage',
      parameters: queryParameters(listKeysSchema, 'output', pageQuery),
      problems: ['invalid-parameter', 'directory-unavailable'],
    }),
    post: operation({
      id: 'createKey',
      summary: 'A new key; no other answer holds it',
      status: 201,
      answer: 'MintedKey',
      body: 'CreateKey',
      problems: ['key-unavailable', 'directory-unavailable'],
    }),
  },
  '/v1/admin/keys/{id}': {
    get: operation({
      id: 'showKey',
      summary: 'A key and where it stands with its limits',
      answer: 'KeyDetail',
      parameters: keyId,
      problems: ['unknown-key', 'key-unavailable'],
    }),
  },
  '/v1/admin/keys/{id}/rotate': {
    post: operation({
      id: 'rotateKey',
      summary: 'A new key in the place of one that stays good for a grace',
      status: 201,
      answer: 'MintedKey',
      parameters: keyId,
      body: 'RotateKey',
      problems: ['unknown-key', 'key-not-active', 'key-unavailable', 'directory-unavailable'],
    }),
  },
  '/v1/admin/keys/{id}/revoke': {
    post: operation({
      id: 'revokeKey',
      summary: 'A key is refused from its next request on',
      answer: 'Key',
      parameters: keyId,
      body: 'RevokeKey',
      problems: ['unknown-key', 'key-unavailable', 'directory-unavailable'],
    }),
  },
  '/v1/admin/keys/{id}/usage': {
    get: operation({
      id: 'showUsage',
      summary: 'Requests and megapixels of a key by day and model',
      answer: 'Usage',
      parameters: [...keyId, ...queryParameters(usageQuerySchema, 'output', usageQuery)],
      problems: ['unknown-key', 'invalid-parameter', 'key-unavailable'],
    }),
  },
  '/v1/admin/pools': {
    get: operation({ id: 'listPools', summary: 'Pools and the state of their backends', answer: 'Pools' }),
  },
  '/v1/admin/backends/{id}/{order}': {
    post: operation({
      id: 'orderBackend',
      summary: 'A backend after an order',
      answer: 'OrderedBackend',
      parameters: pathParameters(
        ['id', 'Of the backend.'],
        ['order', 'What shall be done.', { enum: orders }],
      ),
      body: 'Nothing',
      problems: ['not-found', 'unknown-backend', 'pool-unavailable'],
    }),
  },
  '/v1/admin/config': {
    get: operation({
      id: 'showConfig',
      summary: 'The configuration that counts, secrets masked',
      answer: 'Configuration',
    }),
  },
  '/v1/admin/metrics': {
    get: operation({ id: 'listMetrics', summary: 'What /metrics says, in JSON', answer: 'Metrics' }),
  },
  '/metrics': {
    get: {
      operationId: 'showMetrics',
      tags: ['admin'],
      summary: 'Metrics for Prometheus',
      security: [{ adminToken: [] }],
      responses: {
        200: {
          description: 'The text format of Prometheus, 0.0.4; docs/operations.md has every metric.',
          content: { [EXPOSITION_TYPE]: { schema: { type: 'string' } } },
        },
        ...problemResponses(['unauthorized', 'too-many-bad-keys']),
      },
    },
  },
  '/dashboard': {
    get: {
      operationId: 'showDashboard',
      tags: ['admin'],
      summary: 'The dashboard: pools, backends and keys at work, for who types the admin token',
      security: [],
      responses: {
        200: { description: 'The page.', content: { 'text/html': {} } },
        ...problemResponses(['not-found']),
      },
    },
  },
})
