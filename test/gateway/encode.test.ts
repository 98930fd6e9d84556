/** Pictures in, latents out: by the backends that can, and by no others. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readFloats } from '../../src/wire/tensor.ts'
import { pictureFile, serveTensor } from '../support/answers.ts'
import { answer, hang } from '../support/behaviours.ts'
import {
  decode,
  pictureQuery,
  problemOf,
  rawConnection,
  rawDecode,
  uniqueLatent,
  withHead,
} from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { mintKey, slotsAreFree } from '../support/gateway.ts'
import { soon, stage } from '../support/stage.ts'
import { tensorOf, toolkit } from '../support/toolkit.ts'

let encoder: FakeBackend
beforeAll(async () => {
  encoder = await startFakeBackend(toolkit)
})
afterAll(() => encoder.stop())

const on = stage((url) => ({
  BACKENDS: [
    { id: 'decoder', url, models: ['sd-v1', 'sdxl'] },
    { id: 'encoder', url: encoder.url, models: ['sd-v1'], operations: ['encode'] },
    { id: 'both', url: `${encoder.url}both/`, models: ['sd-v1'], operations: ['encode', 'decode'] },
    { id: 'preview', kind: 'preview', models: ['flux'] },
  ],
  DISPATCH: { bodyBudgetBytes: 1_048_576 },
  PLANS: { two: { requestsPerMinute: 2, megapixelsPerMinute: 1 }, narrow: { models: ['sdxl'] } },
}))
beforeEach(() => {
  encoder.behaviour = toolkit
  encoder.requests.length = 0
})

const PNG = Buffer.from(pictureFile(48, 40, 'image/png'))

/** Sends a body under a path, with nothing of what a decode has. */
const send = (path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  decode(on.gateway, path, body, { headers: { 'content-type': '', accept: '*/*', ...headers } })

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

describe('a picture', () => {
  test.each([
    ['image/png', '/v1/encode/sd-v1'],
    ['image/jpeg', '/sd-v1'],
    ['image/png', '/v1/encode?model=sd15'],
    ['image/png', '/'],
  ] as const)('as %s at %s becomes the latent that its size calls for', async (type, path) => {
    const picture = Buffer.from(pictureFile(51, 40, type))
    encoder.behaviour = (socket, request) =>
      serveTensor([1, 4, 5, 6], 'float16', tensorOf(request.body, 240))(socket, request)
    const response = await send(path, picture)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'tensor/binary',
      shape: '[1,4,5,6]',
      dtype: 'float16',
      'x-vae-model': 'sd-v1',
      'x-vae-attempts': '1',
    })
    expect((await bytesOf(response)).equals(tensorOf(picture, 240))).toBe(true)
    const [sent] = encoder.requests
    expect(sent?.body.equals(picture)).toBe(true)
    expect(sent?.headers).toMatchObject({ 'content-type': type, accept: 'tensor/binary' })
    expect(sent?.query.toString()).toBe('')
  })

  test('as WebP is told by its first bytes too', async () => {
    const head = Buffer.from('RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x07\0\0\0\0\0\0\0\0', 'latin1')
    encoder.behaviour = (socket, request) =>
      serveTensor([1, 4, 1, 2], 'float16', tensorOf(request.body, 16))(socket, request)
    const response = await send('/sd-v1', head, { 'content-type': 'application/octet-stream' })
    expect([response.status, response.headers.get('shape')]).toEqual([200, '[1,4,1,2]'])
    expect(encoder.requests[0]?.headers['content-type']).toBe('image/webp')
  })

  test('larger than what tells its size arrives as it was sent', async () => {
    const padded = Buffer.concat([PNG, randomBytes(500_000)])
    const response = await send('/sd-v1', padded)
    expect(response.status).toBe(200)
    expect(encoder.requests[0]?.body.equals(padded)).toBe(true)
  })

  test('goes in JSON as well, and its latent comes in it', async () => {
    const response = await decode(
      on.gateway,
      '/v1/encode/sd-v1',
      JSON.stringify({ inputs: PNG.toString('base64') }),
      {
        headers: { 'content-type': 'application/json', accept: 'application/json' },
      },
    )
    const { inputs, parameters } = (await response.json()) as { inputs: string; parameters: object }
    expect(parameters).toEqual({ shape: [1, 4, 5, 6], dtype: 'float16' })
    expect(Buffer.from(inputs, 'base64').equals(tensorOf(PNG, 240))).toBe(true)
    // The pilot scaled by the model's own constants, which encoders get as numbers.
    expect(encoder.requests[0]?.query.toString()).toBe('scaling_factor=0.18215')
  })

  test('comes back in the dtype that is asked for', async () => {
    const response = await send('/sd-v1?output_dtype=float32', PNG)
    expect(response.headers.get('dtype')).toBe('float32')
    const halves = tensorOf(PNG, 240)
    const floats = new Float32Array(await response.arrayBuffer())
    expect(floats).toEqual(readFloats(new Uint8Array(halves).buffer, 'float16'))
  })
})

test('a tensor of pixels is described by its query, as diffusers sends it', async () => {
  const pixels = new Uint8Array(new Float16Array(3 * 16 * 24).fill(0.25).buffer)
  const response = await send(
    '/sd-v1?scaling_factor=0.18215&shape=1&shape=3&shape=16&shape=24&dtype=float16',
    pixels,
  )
  expect([response.status, response.headers.get('shape')]).toEqual([200, '[1,4,2,3]'])
  expect(encoder.requests[0]?.query.toString()).toBe(
    'scaling_factor=0.18215&shape=1&shape=3&shape=16&shape=24&dtype=float16',
  )
})

describe('backends', () => {
  test('that decode only get no encode, and those that encode only no decode', async () => {
    for (let i = 0; i < 6; i++) await bytesOf(await send('/sd-v1', PNG))
    expect(on.backend.requests).toHaveLength(0)
    encoder.requests.length = 0
    for (let i = 0; i < 6; i++)
      await bytesOf(await decode(on.gateway, `/sd-v1?${pictureQuery()}`, uniqueLatent()))
    expect(encoder.requests.map(({ path }) => path).filter((path) => !path.startsWith('/both/'))).toEqual([])
  })

  test('that fail are stood in for by another that encodes', async () => {
    encoder.behaviour = (socket, request) =>
      request.path.startsWith('/both/')
        ? answer('500 Internal Server Error', '')(socket, request)
        : toolkit(socket, request)
    for (let i = 0; i < 4; i++) {
      const response = await send('/sd-v1', PNG)
      expect(response.status).toBe(200)
      expect((await bytesOf(response)).equals(tensorOf(PNG, 240))).toBe(true)
    }
    expect(on.backend.requests).toHaveLength(0)
  })

  test('that answer with another shape are not believed', async () => {
    encoder.behaviour = serveTensor([1, 4, 6, 6], 'float16', Buffer.alloc(288))
    const { status, code } = await problemOf(await send('/sd-v1', PNG))
    expect(status).toBe(502)
    // Where both that can have served well of late it might be the picture.
    expect(['request-failed-repeatedly', 'upstream-invalid-response']).toContain(code)
  })

  test('say in the list of models what can be done', async () => {
    const show = async (id: string) =>
      (await (await fetch(`${on.gateway.url}/v1/models/${id}`)).json()) as { operations: string[] }
    expect((await show('sd-v1')).operations).toEqual(['decode', 'encode'])
    expect((await show('sdxl')).operations).toEqual(['decode'])
  })
})

describe('is refused before any backend is asked', () => {
  const GIF = Buffer.from('GIF89a\x10\0\x10\0\0\0\0;', 'latin1')
  const tensor = '/sd-v1?shape=1&shape=3&shape=16&shape=16&dtype=float16'
  const nan = new Uint8Array(new Float16Array(3 * 16 * 16).fill(Number.NaN).buffer)
  test.each<[string, string, Uint8Array<ArrayBuffer>, number, string, RegExp]>([
    [
      'a model that only previews serve',
      '/flux',
      PNG,
      422,
      'encode-unsupported',
      /Only sd-v1 can be encoded here/,
    ],
    ['a model that is only decoded', '/v1/encode/sdxl', PNG, 422, 'encode-unsupported', /Only sd-v1/],
    ['a model that there is not', '/v1/encode/none', PNG, 404, 'unknown-model', /GET \/v1\/models/],
    ['another kind of file', '/sd-v1', GIF, 422, 'invalid-picture', /Expected a PNG, JPEG or WebP file/],
    [
      'a picture whose header is cut off',
      '/sd-v1',
      PNG.subarray(0, 20),
      422,
      'invalid-picture',
      /Expected a PNG/,
    ],
    ['a latent', '/sd-v1', uniqueLatent(), 422, 'invalid-picture', /a latent is decoded, with output_type/],
    [
      'a latent with its shape',
      `/sd-v1?${pictureQuery().replace(/output_type=pt&/, '')}`,
      uniqueLatent(),
      422,
      'unsupported-shape',
      /expected pixels of shape \[N, 3, H, W\]/,
    ],
    [
      'a tensor as long as another',
      tensor,
      new Uint8Array(8),
      422,
      'length-shape-mismatch',
      /Expected 1536 bytes/,
    ],
    ['pixels that are no numbers', tensor, nan, 422, 'invalid-picture', /finite/],
    ['nothing', '/sd-v1', new Uint8Array(), 400, 'empty-body', /Expected a picture/],
    [
      'more than an isolate holds',
      '/sd-v1',
      new Uint8Array(1_048_577),
      413,
      'payload-too-large',
      /at most 1048576/,
    ],
  ])('%s', async (_, path, body, status, code, detail) => {
    const problem = await problemOf(await send(path, body))
    expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(detail) })
    expect(encoder.requests).toHaveLength(0)
  })

  test('a picture of unknown length', async () => {
    const socket = await rawConnection(on.gateway)
    const request = withHead(rawDecode(on.gateway, '/sd-v1', new Uint8Array()), (head) =>
      head.replace(/content-length: 0/, 'transfer-encoding: chunked'),
    )
    socket.write(Buffer.concat([request, Buffer.from('0\r\n\r\n')]))
    const [reply] = (await once(socket, 'data')) as [Buffer]
    expect(reply.toString('latin1')).toMatch(/^HTTP\/1\.1 411 [\s\S]*length-required/)
    socket.destroy()
  })

  test('a model that the plan leaves out', async () => {
    const key = await mintKey({ plan: 'narrow' })
    const response = await send('/sd-v1', PNG, { authorization: `Bearer ${key}` })
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' })
  })
})

describe('limits', () => {
  test('count the pixels of the picture, once, and nothing when no backend served', async () => {
    const key = await mintKey({ plan: 'two' })
    const quotas = async (): Promise<(number | undefined)[]> => {
      const limits = {
        requestsPerMinute: 2,
        megapixelsPerMinute: 1,
        concurrency: null,
        megapixelsPerMonth: null,
      }
      const status = await on.gateway.keyObject(key).status(limits)
      return status.quotas.map(({ remaining }) => remaining)
    }
    encoder.behaviour = answer('500 Internal Server Error', '')
    expect((await send('/sd-v1', PNG, { authorization: `Bearer ${key}` })).status).toBe(502)
    await soon(async () => expect(await quotas()).toEqual([2, 1]))
    encoder.behaviour = toolkit
    await bytesOf(await send('/sd-v1', PNG, { authorization: `Bearer ${key}` }))
    const [requests, megapixels] = await quotas()
    expect(requests).toBe(1)
    expect(megapixels).toBeCloseTo(1 - (48 * 40) / 1e6, 6)
  })
})

test('a client that leaves, during the upload or the encode, leaves neither slot nor bytes behind', async () => {
  const large = Buffer.concat([PNG, randomBytes(400_000)])
  for (let i = 0; i < 4; i++) {
    const socket = await rawConnection(on.gateway)
    socket.write(rawDecode(on.gateway, '/sd-v1', large.subarray(0, 300_000), { declared: large.length }))
    await soon(async () => expect((await on.gateway.poolStatus('decoder')).queued).toBe(0))
    socket.resetAndDestroy()
  }
  encoder.behaviour = hang
  for (let i = 0; i < 2; i++) {
    const before = encoder.requests.length
    const socket = await rawConnection(on.gateway)
    socket.write(rawDecode(on.gateway, '/sd-v1', large))
    await soon(() => expect(encoder.requests.length).toBeGreaterThan(before))
    socket.resetAndDestroy()
  }
  await slotsAreFree(on.gateway, 'decoder')
  encoder.behaviour = toolkit
  // What is left of the budget is less than another upload needs, if one of them had stayed.
  const response = await send('/sd-v1', large)
  expect(response.status).toBe(200)
  await bytesOf(response)
})
