/**
 * What each model makes of a latent for 1280 x 768 pixels, as its pipeline hands it over. The numbers are from the
 * published configurations of the models, not from the catalogue.
 */
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../../test/support/catalog.ts'
import { expectError, expectValue } from '../../../test/support/results.ts'
import { predictDecodeMs } from '../cost.ts'
import { readGeometry } from '../latent-shape.ts'

/** The shape with one latent frame, and the frames that 1, 2 and 5 latent frames make. */
const TABLE: readonly [id: string, shape: string, frames: readonly number[]][] = [
  ['sd-v1', '1,4,96,160', [1]],
  ['sdxl', '1,4,96,160', [1]],
  ['flux', '1,16,96,160', [1]],
  ['hunyuan-video', '1,16,1,96,160', [1, 5, 17]],
  ['pixart-alpha', '1,4,96,160', [1]],
  ['pixart-sigma', '1,4,96,160', [1]],
  ['auraflow', '1,4,96,160', [1]],
  ['hunyuan-dit', '1,4,96,160', [1]],
  ['lumina-next', '1,4,96,160', [1]],
  ['omnigen', '1,4,96,160', [1]],
  ['playground-2.5', '1,4,96,160', [1]],
  ['sd3', '1,16,96,160', [1]],
  ['chroma', '1,16,96,160', [1]],
  ['hidream', '1,16,96,160', [1]],
  ['lumina2', '1,16,96,160', [1]],
  ['z-image', '1,16,96,160', [1]],
  ['omnigen2', '1,16,96,160', [1]],
  ['longcat-image', '1,16,96,160', [1]],
  ['kandinsky5-image', '1,1,96,160,16', [1]],
  ['kandinsky5-video', '1,1,96,160,16', [1, 5, 17]],
  ['flux2', '1,32,96,160', [1]],
  ['hunyuan-video-1.5', '1,32,1,48,80', [1, 5, 17]],
  ['wan-2.1', '1,16,1,96,160', [1, 5, 17]],
  ['wan-2.2', '1,48,1,48,80', [1, 5, 17]],
  ['qwen-image', '1,16,1,96,160', [1]],
  ['cogvideox', '1,1,16,96,160', [1, 8, 17]],
  ['cogvideox-5b', '1,1,16,96,160', [1, 8, 17]],
  ['ltx-video', '1,128,1,24,40', [1, 9, 33]],
  ['ltx-2', '1,128,1,24,40', [1, 9, 33]],
  ['mochi', '1,12,1,96,160', [1, 7, 25]],
  ['sana', '1,32,24,40', [1]],
  ['cosmos', '1,16,1,96,160', [1, 9, 33]],
  ['allegro', '1,4,1,96,160', [4, 8, 20]],
  ['latte', '1,4,1,96,160', [1, 2, 5]],
  ['easyanimate', '1,16,1,96,160', [1, 5, 17]],
  ['svd', '1,1,4,96,160', [1, 2, 5]],
  ['hunyuan-image-2.1', '1,64,24,40', [1]],
  ['cogview4', '1,16,96,160', [1]],
  ['cogview3-plus', '1,16,96,160', [1]],
  ['stable-cascade', '1,4,192,320', [1]],
]

/** Two packed latents of pictures whose sides are no multiples of a patch: tokens, pixels asked for, pixels there are. */
const PACKED: readonly [id: string, shape: readonly number[], asked: string, made: string, frames: number][] =
  [
    ['flux', [2, 4725, 64], '1023x1208', '1008x1200', 1],
    ['chroma', [2, 4725, 64], '1023x1208', '1008x1200', 1],
    ['longcat-image', [2, 4725, 64], '1023x1208', '1008x1200', 1],
    ['flux2', [2, 4725, 128], '1023x1208', '1008x1200', 1],
    ['qwen-image', [2, 4725, 64], '1023x1208', '1008x1200', 1],
    ['ltx-video', [2, 2640, 128], '1290x730', '1280x704', 17],
  ]

const sizesOf = (text: string): number[] => text.split(/[,x]/).map(Number)

/** The axis of latent frames is the one behind the batch, or behind the channels. */
const withFrames = (shape: readonly number[], frames: number): number[] =>
  shape.map((size, axis) => (axis === (shape[1] === 1 ? 1 : 2) ? frames : size))

test('the tables have every model that can be served, and every one that is packed', () => {
  expect(TABLE.map(([id]) => id).sort()).toEqual(servableModels.map(({ id }) => id).sort())
  const packed = servableModels.filter(({ packing }) => packing !== null)
  expect(PACKED.map(([id]) => id).sort()).toEqual(packed.map(({ id }) => id).sort())
})

describe.each(TABLE)('%s', (id, text, frames) => {
  const model = servable(id)
  const shape = sizesOf(text)
  const latentFrames = frames.length > 1 ? [1, 2, 5] : [1]

  test('decodes to 1280 x 768 pixels, in as many frames as its pipeline makes', () => {
    const pictures = latentFrames.map((count) =>
      expectValue(readGeometry(model, frames.length > 1 ? withFrames(shape, count) : shape, undefined)),
    )
    expect(pictures.map(({ width, height }) => `${width}x${height}`)).toEqual(frames.map(() => '1280x768'))
    expect(pictures.map((picture) => picture.frames)).toEqual(frames)
    expect(pictures.map((picture) => picture.latentFrames)).toEqual(latentFrames)
  })

  test('costs by its pixels in all frames', () => {
    const [first = 1] = frames
    const perMegapixel = frames.length > 1 ? 250 : 150
    const geometry = expectValue(readGeometry(model, shape, undefined))
    expect(predictDecodeMs(model, geometry)).toBeCloseTo(50 + perMegapixel * first * 1.28 * 0.768)
  })
})

describe.each(PACKED)('%s, packed', (id, shape, asked, made, frames) => {
  const model = servable(id)
  const [width = 0, height = 0] = sizesOf(asked)

  test(`floors ${asked} to ${made} pixels`, () => {
    const picture = expectValue(readGeometry(model, shape, { width, height }))
    expect(`${picture.width}x${picture.height}`).toBe(made)
    expect([picture.batch, picture.frames]).toEqual([2, frames])
    const [pixelsX = 0, pixelsY = 0] = sizesOf(made)
    const perMegapixel = model.kind === 'video' ? 250 : 150
    expect(predictDecodeMs(model, picture)).toBeCloseTo(
      50 + (perMegapixel * 2 * frames * pixelsX * pixelsY) / 1e6,
    )
  })

  test('is refused with tokens that are too many or with no size', () => {
    const [batch = 1, tokens = 0, channels = 1] = shape
    const size = { width, height }
    expect(expectError(readGeometry(model, [batch, tokens + 1, channels], size)).expected).toContain('tokens')
    expect(expectError(readGeometry(model, shape, undefined)).expected).toContain('height and width')
  })
})
