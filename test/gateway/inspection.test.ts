/** A latent that would come out wrong is noticed on its way in. */
import { describe, expect, test } from 'vitest'
import { warningCodes } from '../../src/inspection/codes.ts'
import { writeFloats } from '../../src/wire/tensor.ts'
import { pictureOf } from '../support/behaviours.ts'
import { decode, pictureQuery, problemOf } from '../support/client.ts'
import { normalNoise } from '../support/noise.ts'
import { stage } from '../support/stage.ts'

const on = stage((url) => ({
  BACKENDS: [{ id: 'gpu', url, models: ['sd-v1', 'sdxl', 'flux'], slots: 4 }],
}))

const noise = (std: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    writeFloats(
      normalNoise(3, 256).map((value) => value * std),
      'float16',
    ),
  )
const scaled = (scaling: string): string => `/sd-v1?${pictureQuery().replace('do_scaling=True', scaling)}`

describe('NaN and infinity', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'C20: a latent with %s is refused before a backend sees it, strict or not',
    async (value) => {
      for (const path of [scaled('do_scaling=True'), scaled('strict=false')]) {
        const latent = new Float16Array(256).fill(0.5)
        latent[200] = value
        const problem = await problemOf(await decode(on.gateway, path, new Uint8Array(latent.buffer)))
        expect(problem).toMatchObject({ status: 422, code: 'latent-not-finite' })
      }
      expect(on.backend.requests).toEqual([])
    },
  )
})

describe('a latent that looks wrong', () => {
  test.each([
    ['is all zero', 0, 'do_scaling=True', /^latent-all-zero$/],
    ['is scaled twice', 5.4, 'scaling_factor=0.18215', /^latent-scaled-twice;std=5\.[0-9]+;expected=1\.0$/],
    ['is not scaled', 1, 'do_scaling=False', /^latent-not-scaled;std=[01]\.[0-9]+;expected=5\.49$/],
    [
      'comes with the factor of another model',
      1,
      'scaling_factor=0.13025',
      /^scaling-factor-of-another-model;sent=0\.13;expected=0\.182;model=sdxl$/,
    ],
  ])('is decoded, and its client told: it %s', async (_, std, scaling, warning) => {
    const latent = noise(std)
    const response = await decode(on.gateway, scaled(scaling), latent)
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer()).equals(pictureOf(latent))).toBe(true)
    expect(response.headers.get('x-vae-warning')).toMatch(warning)
    expect(response.headers.get('access-control-expose-headers')).toContain('x-vae-warning')
  })

  test('is refused with what to do about it, where that is asked for', async () => {
    const response = await decode(on.gateway, `${scaled('scaling_factor=0.18215')}&strict=true`, noise(5.4))
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 422, code: 'latent-suspicious' })
    expect(problem.detail).toMatch(/^latent-scaled-twice: .*do_scaling=False/)
    expect(on.backend.requests).toEqual([])
  })
})

test('a latent that looks right gets no warning and passes a strict look', async () => {
  const response = await decode(on.gateway, `${scaled('scaling_factor=0.18215')}&strict=True`, noise(1))
  expect([response.status, response.headers.has('x-vae-warning')]).toEqual([200, false])
  await response.arrayBuffer()
})

test('a latent of another VAE is named in the refusal', async () => {
  const query = pictureQuery(8, 16)
  const response = await decode(on.gateway, `/sd-v1?${query}`, new Uint8Array(2048))
  const problem = await problemOf(response)
  expect(problem.detail).toBe(
    'sd-v1: expected a latent of shape [B, 4, H/8, W/8]; this looks like a latent of flux.',
  )
})

test('a picture that is sent to be decoded is recognised', async () => {
  const response = await decode(on.gateway, `/v1/decode/sd-v1?${pictureQuery(64, 3)}`, new Uint8Array(24_576))
  expect((await problemOf(response)).detail).toContain('three channels are a picture')
})

test.each(warningCodes)('/warnings/%s explains the warning', async (code) => {
  const page = await (await fetch(`${on.gateway.url}/warnings/${code}`)).json()
  expect(page).toEqual({
    code,
    title: expect.stringMatching(/./),
    meaning: expect.stringMatching(/\.$/),
    remedy: expect.stringMatching(/\.$/),
  })
  expect((await fetch(`${on.gateway.url}/warnings/no-${code}`)).status).toBe(404)
})
