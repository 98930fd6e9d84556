/** Answers are what the OpenAPI document says. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, uniqueLatent } from '../support/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate } from '../support/operator.ts'

interface Document {
  readonly paths: Record<string, Record<string, { requestBody: Content; responses: Record<string, Content> }>>
  readonly components: object
}
interface Content {
  readonly content: Record<string, Body>
}
interface Body {
  readonly schema?: object
}

let gateway: TestGateway
let document: Document

beforeAll(async () => {
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'] }],
    ADMIN_TOKEN,
  })
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document
})
afterAll(() => gateway.stop())

/** What is wrong with an answer by the document; nothing when it is as described. */
async function complaints(route: string, response: Response): Promise<unknown> {
  const [method = '', path = ''] = route.split(' ')
  const described = document.paths[path]?.[method.toLowerCase()]?.responses[response.status]
  if (!described) return `${response.status} is not described`
  const type = response.headers.get('content-type') ?? ''
  const content = described.content[type]
  if (!content?.schema) return `${type} is not described`
  return complaintsAbout(await response.json(), content.schema)
}

function complaintsAbout(value: unknown, schema: object | undefined): unknown {
  // Formats and keywords of OpenAPI are left to whoever knows them.
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const validate = ajv.compile({ ...schema, components: document.components })
  return schema && validate(value) ? [] : validate.errors
}

test('the document is for everybody, and may be kept for a while', async () => {
  const response = await fetch(`${gateway.url}/openapi.json`)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
})

test('the document is not sent again to who has it', async () => {
  const etag = (await fetch(`${gateway.url}/openapi.json`)).headers.get('etag') ?? ''
  const { status } = await fetch(`${gateway.url}/openapi.json`, { headers: { 'if-none-match': etag } })
  expect(status).toBe(304)
})

describe('an answer is as the document describes it', () => {
  test.each<[route: string, path: string, init?: RequestInit]>([
    ['GET /health', '/health'],
    ['GET /ready', '/ready'],
    ['GET /v1/models', '/v1/models'],
    ['GET /v1/models/{id}', '/v1/models/flux'],
    ['GET /v1/models/{id}', '/v1/models/unheard-of'],
    ['GET /problems/{code}', '/problems/forbidden'],
    ['GET /problems/{code}', '/problems/unheard-of'],
    ['GET /warnings/{code}', '/warnings/latent-all-zero'],
    ['GET /warnings/{code}', '/warnings/unheard-of'],
    ['GET /assets/{file}', '/assets/unheard-of'],
    ['POST /{model}', '/sdxl', { method: 'POST' }],
    ['POST /v1/decode', '/v1/decode', { method: 'POST' }],
    ['POST /k/{key}/{model}', '/k/vg_none/sdxl', { method: 'POST' }],
    ['GET /v1/admin/keys', '/v1/admin/keys'],
  ])('%s, as %s', async (route, path, init) => {
    expect(await complaints(route, await fetch(gateway.url + path, init))).toEqual([])
  })

  test.each<[route: string, path: string, body?: object]>([
    ['POST /v1/admin/keys', '/keys', { name: 'somebody', overrides: { concurrency: null } }],
    ['POST /v1/admin/keys', '/keys', {}],
    ['GET /v1/admin/keys', '/keys'],
    ['GET /v1/admin/keys', '/keys?limit=0'],
    ['GET /v1/admin/keys/{id}', '/keys/00112233445566aa'],
    ['POST /v1/admin/keys/{id}/rotate', '/keys/00112233445566aa/rotate', {}],
    ['POST /v1/admin/keys/{id}/revoke', '/keys/00112233445566aa/revoke', {}],
    ['GET /v1/admin/keys/{id}/usage', '/keys/00112233445566aa/usage'],
    ['GET /v1/admin/pools', '/pools'],
    ['POST /v1/admin/backends/{id}/{order}', '/backends/preview/probe', {}],
    ['POST /v1/admin/backends/{id}/{order}', '/backends/unheard-of/probe', {}],
    ['GET /v1/admin/config', '/config'],
    ['GET /v1/admin/metrics', '/metrics'],
  ])('%s, as an operator at %s', async (route, path, body) => {
    expect(await complaints(route, await operate(gateway, path, body))).toEqual([])
  })
})

test.each([
  ['application/json', 'pil', { media_type: 'image/jpeg' }],
  ['application/json', 'pt', { shape: [1, 3, 64, 64], dtype: 'float16' }],
  ['tensor/base64', 'pt', { shape: [1, 3, 64, 64], dtype: 'float16' }],
])('a decode in %s both ways is as the document describes it: %s', async (type, outputType, parameters) => {
  const inputs = Buffer.from(uniqueLatent()).toString('base64')
  const sent = { inputs, parameters: { shape: [1, 4, 8, 8], dtype: 'float16', output_type: outputType } }
  const request = document.paths['/{model}']?.post?.requestBody.content[type]?.schema
  expect(complaintsAbout(sent, request)).toEqual([])
  const headers = { 'content-type': type, accept: type }
  const response = await decode(gateway, '/sd-v1', JSON.stringify(sent), { headers })
  expect(response.status).toBe(200)
  expect(await response.clone().json()).toMatchObject({ parameters })
  expect(await complaints('POST /{model}', response)).toEqual([])
})

test('an answer of another shape would be noticed', async () => {
  const other = Response.json({ status: 'well' })
  expect(await complaints('GET /health', other)).toMatchObject([{ keyword: 'const' }])
})
