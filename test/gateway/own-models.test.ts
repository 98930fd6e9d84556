/** Models that an operator brings, and built-in ones that an operator narrows. */
import { expect, test } from 'vitest'
import type { MintedKey } from '../../src/admin/contract.ts'
import { pictureFile, serveFile } from '../support/answers.ts'
import { decode, problemOf, uniqueLatent } from '../support/client.ts'
import { mintKey } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['mine', 'sdxl', 'hunyuan-video'], slots: 4 }],
  PLANS: { own: { models: ['mine'] }, other: { models: ['sdxl'] } },
  MODELS: [
    {
      id: 'my-vae',
      aliases: ['mine'],
      kind: 'image',
      channels: 8,
      spatialCompression: 4,
      scalingFactor: 0.7,
    },
    { id: 'sdxl', maxMegapixels: 1.1 },
    { id: 'hunyuan-video', maxFrames: 9 },
  ],
  ADMIN_TOKEN,
}))

const query = (...shape: number[]): string =>
  `output_type=pil&image_format=png&dtype=float16&do_scaling=True&${shape.map((n) => `shape=${n}`).join('&')}`
const ask = (path: string, key = on.gateway.key, channels = 8) =>
  decode(on.gateway, path, uniqueLatent(8, channels), {
    headers: { accept: 'image/png', authorization: `Bearer ${key}` },
  })

test.each(['/my-vae', '/mine', '/v1/decode/my-vae', '/'])(
  'a model of the operator decodes at %s in its own geometry',
  async (path) => {
    on.backend.behaviour = serveFile(pictureFile(32, 32, 'image/png'))
    const response = await ask(`${path}?${query(1, 8, 8, 8)}`)
    expect([response.status, response.headers.get('x-vae-model')]).toEqual([200, 'my-vae'])
    await response.arrayBuffer()
  },
)

test('a model of the operator is listed with the others', async () => {
  const { models } = (await (await fetch(`${on.gateway.url}/v1/models`)).json()) as { models: object[] }
  expect(models).toHaveLength(43)
  expect(models.at(-1)).toMatchObject({
    id: 'my-vae',
    served: true,
    endpoint: '/my-vae',
    shapes: '[B, 8, H/4, W/4]',
    scaling: { kind: 'factor', factor: 0.7, shift: 0 },
  })
})

test('a plan names a model of the operator by an alias, and others leave it out', async () => {
  on.backend.behaviour = serveFile(pictureFile(32, 32, 'image/png'))
  const own = await ask(`/mine?${query(1, 8, 8, 8)}`, await mintKey({ plan: 'own' }))
  expect(own.status).toBe(200)
  await own.arrayBuffer()
  const other = await ask(`/mine?${query(1, 8, 8, 8)}`, await mintKey({ plan: 'other' }))
  expect((await problemOf(other)).code).toBe('forbidden')
})

test('a key is made for a model of the operator alone', async () => {
  on.backend.behaviour = serveFile(pictureFile(32, 32, 'image/png'))
  const wanted = { name: 'one model', models: ['mine'] }
  const { key, models } = await ordered<MintedKey>(operate(on.gateway, '/keys', wanted))
  expect(models).toEqual(['my-vae'])
  const own = await ask(`/mine?${query(1, 8, 8, 8)}`, key)
  expect(own.status).toBe(200)
  await own.arrayBuffer()
  const other = await ask(`/sdxl?${query(1, 4, 8, 8)}`, key, 4)
  expect((await problemOf(other)).code).toBe('forbidden')
})

test('operators see their models and their limits in the configuration that counts', async () => {
  const { models } = await ordered<{ models: object[] }>(operate(on.gateway, '/config'))
  expect(models).toMatchObject([
    { id: 'sdxl', limits: { maxMegapixels: 1.1 } },
    { id: 'hunyuan-video', limits: { maxFrames: 9 } },
    { id: 'my-vae', aliases: ['mine'], channels: 8 },
  ])
})

test.each([
  [
    'pixels',
    '/sdxl',
    [1, 4, 128, 160],
    'sdxl decodes up to 1.1 megapixels at once; this latent asks for 1.3.',
  ],
  [
    'frames',
    '/hunyuan-video',
    [1, 16, 4, 8, 8],
    'hunyuan-video decodes up to 9 frames at once; this latent asks for 13.',
  ],
])('a built-in model that is narrowed refuses more %s', async (_, path, shape, detail) => {
  const problem = await problemOf(await ask(`${path}?${query(...shape)}`))
  expect(problem).toMatchObject({ status: 422, code: 'decode-too-large', detail })
  const model = await (await fetch(`${on.gateway.url}/v1/models${path}`)).json()
  expect(model).toMatchObject({
    limits: path === '/sdxl' ? { maxMegapixels: 1.1, maxFrames: null } : { maxMegapixels: 160, maxFrames: 9 },
  })
})
