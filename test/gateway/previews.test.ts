/** The embedded preview: computed where requests are served, and in nobody's way. */
import { expect, test } from 'vitest'
import { decode, problemOf, uniqueLatent } from '../support/client.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [
    { id: 'gpu', url, models: ['sd-v1'] },
    { id: 'preview', kind: 'preview', models: ['*'] },
  ],
}))

const shapeOf = (shape: readonly number[]): string => shape.map((size) => `shape=${size}`).join('&')
const latentOf = (shape: readonly number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(2 * shape.reduce((product, size) => product * size))

const preview = (
  model: string,
  shape: readonly number[],
  output: string,
  accept: string,
): Promise<Response> =>
  decode(on.gateway, `/${model}?${shapeOf(shape)}&dtype=float16&do_scaling=True&${output}`, latentOf(shape), {
    headers: { accept },
  })

test.each([
  ['image/png', 'sdxl', [1, 4, 256, 256], 'output_type=pil&image_format=png'],
  ['image/jpeg', 'sdxl', [1, 4, 256, 256], 'output_type=pil&image_format=jpg'],
  ['video/mp4', 'hunyuan-video', [1, 16, 20, 60, 104], 'output_type=mp4'],
] as const)('FB3: while it makes a large %s others are answered', async (accept, model, shape, output) => {
  let isDone = false
  const made = preview(model, shape, output, accept).then(async (response) => {
    const bytes = await response.bytes()
    isDone = true
    return { status: response.status, quality: response.headers.get('x-vae-quality'), bytes: bytes.length }
  })
  let answered = 0
  while (!isDone) {
    const health = await fetch(`${on.gateway.url}/health`)
    await health.arrayBuffer()
    answered++
  }
  expect(await made).toMatchObject({ status: 200, quality: 'preview' })
  expect(answered).toBeGreaterThan(10)
})

test.each([
  ['more megapixels than it makes', 'sdxl', [1, 4, 512, 512], 'decodes up to 8.4 megapixels'],
  ['a video of one pixel without end', 'hunyuan-video', [1, 16, 99_999, 1, 1], 'decodes up to 257 frames'],
  ['a picture of one row', 'sdxl', [1, 4, 1, 3_000], 'has up to 16384 pixels a side'],
  ['a video that is too large', 'hunyuan-video', [1, 16, 33, 90, 170], 'decodes up to 120 megapixels'],
] as const)('FB3: %s are refused before they are sent', async (_, model, shape, detail) => {
  const output = model === 'sdxl' ? 'output_type=pil' : 'output_type=mp4'
  const path = `/${model}?${shapeOf(shape)}&dtype=float16&${output}`
  const refused = await decode(on.gateway, path, uniqueLatent(), { headers: { accept: '*/*' } })
  expect(await problemOf(refused)).toMatchObject({
    status: 422,
    code: 'decode-too-large',
    detail: expect.stringContaining(`The preview of ${model} ${detail}`),
  })
})

test('FB3: a model that a backend decodes has the limits of its own', async () => {
  const limitsOf = async (model: string): Promise<unknown> => {
    const response = await fetch(`${on.gateway.url}/v1/models/${model}`)
    return ((await response.json()) as { limits: unknown }).limits
  }
  expect(await limitsOf('sd-v1')).toEqual({ maxMegapixels: 16.8, maxFrames: null })
  expect(await limitsOf('sdxl')).toEqual({ maxMegapixels: 8.4, maxFrames: null })
  expect(await limitsOf('hunyuan-video')).toEqual({ maxMegapixels: 120, maxFrames: 257 })
})
