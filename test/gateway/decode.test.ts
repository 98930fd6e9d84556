/** The public routes, as the clients in the wild use them, against backends that answer well. */
import { readFileSync } from 'node:fs'
import { decode as decodePng } from 'fast-png'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dayOf } from '../../src/auth/api-key.ts'
import { pictureOf, serve } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf, uniqueLatent } from '../support/client.ts'
import { type FakeBackend, startFakeBackend } from '../support/fake-backend.ts'
import { mintKey, slotsAreFree, startTestGateway, type TestGateway } from '../support/gateway.ts'

let backend: FakeBackend
let gateway: TestGateway

beforeAll(async () => {
  backend = await startFakeBackend(serve)
  gateway = await startTestGateway({
    BACKENDS: [
      { id: 'gpu', url: backend.url, models: ['sdxl', 'pixart-sigma'], slots: 4 },
      { id: 'preview', kind: 'preview', models: ['*'], slots: 2 },
    ],
    PLANS: { narrow: { models: ['flux'] } },
  })
})
afterEach(() => slotsAreFree(gateway, 'gpu'))
afterAll(async () => {
  await gateway.stop()
  await backend.stop()
})

const sample = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../samples/${name}`, import.meta.url)))

const astronaut = sample('sd-v1.astronaut.1x4x64x64.f16.bin')
const ASTRONAUT_QUERY = 'shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215'

test.each(['/sdxl', '/sdxl/', '/SDXL', '/pony', '/v1/decode/sdxl', '/v1/decode', '/pixart-sigma'])(
  '%s decodes',
  async (path) => {
    const latent = uniqueLatent()
    const query = `${pictureQuery()}${path === '/v1/decode' ? '&model=sdxl' : ''}`
    const response = await decode(gateway, `${path}?${query}`, latent)
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'tensor/binary',
      shape: '[1,64,64,3]',
      dtype: 'uint8',
      'x-vae-backend': 'gpu',
      'x-vae-attempts': '1',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'server-timing': expect.stringMatching(
        /^auth;dur=.*, upload;dur=.*, queue;dur=.*, backend;dur=.*, total;dur=/,
      ),
    })
  },
)

test.each([
  ['Bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
  ['Basic as user', (key: string) => ({ authorization: `Basic ${btoa(`${key}:`)}` })],
  ['Basic as password', (key: string) => ({ authorization: `Basic ${btoa(`x:${key}`)}` })],
  ['x-api-key', (key: string) => ({ authorization: '', 'x-api-key': key })],
])('takes a key as %s', async (_where, headers) => {
  const init = { headers: headers(gateway.key) as Record<string, string> }
  expect((await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent(), init)).status).toBe(200)
})

test.each([(key: string) => `/k/${key}/sdxl`, (key: string) => `/k/${key}/v1/decode/sdxl`])(
  'takes a key in the path and keeps it out of the log',
  async (path) => {
    gateway.log.length = 0
    const init = { headers: { authorization: '' } }
    const response = await decode(gateway, `${path(gateway.key)}?${pictureQuery()}`, uniqueLatent(), init)
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    await expect.poll(() => gateway.log).toHaveLength(1)
    expect(gateway.log.join()).not.toContain(gateway.key)
  },
)

test('C31: one and the same 401 for keys that are missing, garbled, forged and expired', async () => {
  const yesterday = dayOf(Date.now()) - 1
  const forged = gateway.key.slice(0, 20) + (gateway.key[20] === 'x' ? 'y' : 'x') + gateway.key.slice(21)
  const keys = ['', 'vg_nonsense', forged, await mintKey({ expiryDay: yesterday })]
  const answers = await Promise.all(
    keys.map(async (key) => {
      const init = { headers: { authorization: key && `Bearer ${key}` } }
      const response = await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent(), init)
      const { requestId: _, ...problem } = await problemOf(response)
      return { problem, challenge: response.headers.get('www-authenticate') }
    }),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ problem: { status: 401, code: 'unauthorized' }, challenge: 'Bearer' })
})

test('C32: a key whose plan leaves a model out is forbidden it', async () => {
  const init = { headers: { authorization: `Bearer ${await mintKey({ plan: 'narrow' })}` } }
  const response = await decode(gateway, `/sdxl?${pictureQuery()}`, uniqueLatent(), init)
  expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' })
})

test('a backend gets the latent, a normalised query and nothing else of the client', async () => {
  backend.requests.length = 0
  const latent = uniqueLatent()
  const headers = { cookie: 'a=b', 'x-forwarded-for': '1.2.3.4', referer: 'https://example.com/' }
  await decode(gateway, `/sdxl?${pictureQuery()}&input_tensor_type=binary&height=9`, latent, { headers })
  const [request] = backend.requests
  expect(request?.body.equals(latent)).toBe(true)
  expect(request?.query.toString()).toBe(
    'image_format=jpg&output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True',
  )
  expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
    'accept',
    'accept-encoding',
    'cf-worker', // the platform's own: the name of the zone
    'content-length',
    'content-type',
    'host',
    'user-agent',
    'x-attempt-id',
    'x-vae-deadline-ms',
  ])
})

test('finds the model of a latent by its shape and scaling factor', async () => {
  const response = await decode(gateway, `/?output_type=pil&image_format=png&${ASTRONAUT_QUERY}`, astronaut, {
    headers: { accept: 'image/png' },
  })
  expect(response.headers.get('x-vae-model')).toBe('sd-v1')
})

test('names the models that a latent fits, when there are two', async () => {
  const query = ASTRONAUT_QUERY.replace('scaling_factor=0.18215', 'do_scaling=True')
  const problem = await problemOf(await decode(gateway, `/?output_type=pil&${query}`, astronaut))
  expect(problem.code).toBe('model-ambiguous')
  expect(problem.detail).toContain('sd-v1, sdxl')
})

test('previews a photograph as PNG and says that it is a preview', async () => {
  const response = await decode(
    gateway,
    `/sd-v1?output_type=pil&image_format=png&${ASTRONAUT_QUERY}`,
    astronaut,
    {
      headers: { accept: '*/*' },
    },
  )
  expect(response.headers.get('x-vae-quality')).toBe('preview')
  expect(response.headers.get('content-type')).toBe('image/png')
  const { width, height, channels } = decodePng(new Uint8Array(await response.arrayBuffer()))
  expect([width, height, channels]).toEqual([512, 512, 3])
})

test('previews a video latent as an MP4 of the right number of frames', async () => {
  const latent = new Uint8Array(new Float16Array(16 * 3 * 40 * 64).map((_, i) => Math.sin(i / 99)).buffer)
  const query = 'output_type=mp4&shape=1&shape=16&shape=3&shape=40&shape=64&dtype=float16&do_scaling=True'
  const response = await decode(gateway, `/hunyuan-video?${query}`, latent, {
    headers: { accept: 'text/plain' },
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain')
  const file = Buffer.from(await response.arrayBuffer())
  expect(file.toString('latin1', 4, 8)).toBe('ftyp')
  // The sample size box counts the frames.
  const stsz = file.indexOf('stsz')
  expect(file.readUInt32BE(stsz + 12)).toBe(9)
})

test('takes the 3-D latents that SD.Next sends and gives backends a batch of one', async () => {
  backend.requests.length = 0
  const query = pictureQuery().replace('shape=1&', '')
  const response = await decode(gateway, `/sdxl?${query}`, uniqueLatent())
  expect(response.status).toBe(200)
  expect(backend.requests[0]?.query.getAll('shape')).toEqual(['1', '4', '8', '8'])
})

test('says that a request without output_type would be an encode request', async () => {
  const response = await decode(
    gateway,
    '/sdxl?shape=1&shape=3&shape=64&shape=64&dtype=float16',
    uniqueLatent(),
  )
  expect(await problemOf(response)).toMatchObject({ status: 422, code: 'encode-unsupported' })
})

test('C23: answers other methods with 405 and what is allowed, other paths with 404, HEAD without a body', async () => {
  const wrong = await fetch(`${gateway.url}/sdxl`, { method: 'PUT', body: 'x' })
  expect(wrong.headers.get('allow')).toBe('POST, OPTIONS')
  expect((await problemOf(wrong)).code).toBe('method-not-allowed')
  expect((await problemOf(await fetch(`${gateway.url}/a/b/c`))).code).toBe('not-found')
  const head = await fetch(`${gateway.url}/health`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('C36: lets any page call with its own key, and never with cookies', async () => {
  const response = await fetch(`${gateway.url}/sdxl`, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  expect(response.status).toBe(204)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-allow-headers')).toContain('authorization')
  expect(response.headers.has('access-control-allow-credentials')).toBe(false)
})

test('lists every model and which of them a backend serves', async () => {
  const { models } = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { models: { id: string }[] }
  expect(models).toHaveLength(42)
  expect(models.find(({ id }) => id === 'sdxl')).toMatchObject({
    served: true,
    endpoint: '/sdxl',
    backends: [{ id: 'gpu', kind: 'vae-backend' }],
    limits: { maxMegapixels: 16.8, maxFrames: null },
  })
  const kolors = await (await fetch(`${gateway.url}/v1/models/kolors`)).json()
  expect(kolors).toMatchObject({ served: false, endpoint: null })
})

test('is healthy and ready, and explains its problem codes', async () => {
  expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${gateway.url}/ready`)).json()).toMatchObject({ status: 'ready', backends: 2 })
  const page = await (await fetch(`${gateway.url}/problems/isolate-busy`)).json()
  expect(page).toMatchObject({ code: 'isolate-busy', status: 503 })
})

test('repeats a well-formed request id and replaces any other', async () => {
  const idOf = async (id: string): Promise<string | null> =>
    (await fetch(`${gateway.url}/health`, { headers: { 'x-request-id': id } })).headers.get('x-request-id')
  expect(await idOf('my-id_1')).toBe('my-id_1')
  expect(await idOf('<script>')).toMatch(/^[0-9a-f-]{36}$/)
})
