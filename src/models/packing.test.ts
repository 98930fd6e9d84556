import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { readGeometry } from './latent-shape.ts'
import { readPacked } from './packing.ts'
import type { ServableModel } from './registry.ts'

const flux = servable('flux')
const flux2 = servable('flux2')
const ltx = servable('ltx-video')

const read = (model: ServableModel, shape: number[], height?: number, width?: number) => {
  if (!model.packing) throw new Error(`${model.id} is not packed`)
  return readPacked(model, model.packing, shape, height && width ? { height, width } : undefined)
}

test('the models that are packed are these', () => {
  const packed = servableModels.flatMap(({ id, packing }) => (packing ? [`${id} ${packing}`] : []))
  expect(packed).toEqual([
    'flux flux-2x2',
    'chroma flux-2x2',
    'longcat-image flux-2x2',
    'flux2 flux2-patchify',
    'qwen-image flux-2x2',
    'ltx-video ltx-flatten',
  ])
})

describe('patches of 2 x 2', () => {
  test.each([
    ['a square', [1, 4096, 64], 1024, 1024, { batch: 1, height: 1024, width: 1024 }],
    ['a wide picture', [1, 1536, 64], 512, 768, { batch: 1, height: 512, width: 768 }],
    ['a batch', [3, 1536, 64], 768, 512, { batch: 3, height: 768, width: 512 }],
    ['odd sides, floored to a patch', [1, 64 * 75, 64], 1024, 1208, { height: 1024, width: 1200 }],
    ['an axis too many, from SD.Next', [1, 1, 4096, 64], 1024, 1024, { height: 1024, width: 1024 }],
    ['one pixel less than a patch more', [1, 1, 64], 31, 31, { height: 16, width: 16 }],
  ])('are read: %s', (_, shape, height, width, geometry) => {
    expect(expectValue(read(flux, shape, height, width))).toMatchObject({
      layout: 'flux-2x2',
      latentFrames: 1,
      frames: 1,
      ...geometry,
    })
  })

  test.each(['flux', 'chroma', 'longcat-image', 'qwen-image', 'flux2'])(
    'of %s come back to the picture’s size',
    (name) => {
      const model = servable(name)
      const patch = model.spatialCompression * 2
      fc.assert(
        fc.property(
          fc.integer({ min: patch, max: 4_096 }),
          fc.integer({ min: patch, max: 4_096 }),
          (height, width) => {
            const tokens = Math.floor(height / patch) * Math.floor(width / patch)
            const geometry = expectValue(read(model, [2, tokens, model.channels * 4], height, width))
            expect(geometry).toMatchObject({
              batch: 2,
              height: height - (height % patch),
              width: width - (width % patch),
            })
          },
        ),
        seeded,
      )
    },
  )

  test('need height and width', () => {
    const expected = 'height and width in pixels, which packed latents need'
    expect(expectError(read(flux, [1, 4096, 64]))).toEqual({ reason: 'size', expected })
    expect(expectError(readGeometry(flux, [1, 4096, 64], undefined))).toEqual({ expected })
  })

  test('say how many tokens the size means when there are others', () => {
    const expected = '1536 tokens for 768x512 pixels (48 x 32 patches of 16 pixels), not 1537'
    expect(expectError(read(flux, [1, 1537, 64], 512, 768))).toEqual({ reason: 'size', expected })
    expect(expectError(readGeometry(flux, [1, 1537, 64], { height: 512, width: 768 }))).toEqual({ expected })
  })

  test('are not there in a picture smaller than one', () => {
    expect(expectError(read(flux, [1, 1, 64], 15, 15)).reason).toBe('size')
  })

  test.each([[[1, 4096, 63]], [[1, 4096, 16]], [[1, 64, 4096, 1]], [[4096, 64]], [[1, 1, 1, 4096, 64]]])(
    'are not looked for in %j',
    (shape) => {
      expect(expectError(read(flux, shape, 1024, 1024))).toEqual({ reason: 'shape' })
    },
  )
})

describe('patches of FLUX.2', () => {
  test('may stand in a grid, which needs no size', () => {
    for (const size of [[], [24, 320]]) {
      expect(expectValue(read(flux2, [2, 128, 64, 48], ...size))).toMatchObject({
        layout: 'flux2-patchify',
        batch: 2,
        height: 1024,
        width: 768,
      })
    }
  })

  test('do not stand in a grid of other channels, which is an unpacked latent or none', () => {
    expect(expectError(read(flux2, [1, 32, 128, 128]))).toEqual({ reason: 'shape' })
    expect(expectValue(readGeometry(flux2, [1, 32, 128, 128], undefined)).layout).toBe('BCHW')
    expect(readGeometry(flux, [1, 64, 64, 64], undefined).ok).toBe(false)
  })
})

describe('tokens of LTX', () => {
  test('flatten frames as well, whose number follows', () => {
    expect(expectValue(read(ltx, [1, 16 * 16 * 24, 128], 512, 768))).toMatchObject({
      layout: 'ltx-flatten',
      latentFrames: 16,
      latentHeight: 16,
      latentWidth: 24,
      frames: 121,
      height: 512,
      width: 768,
    })
  })

  test('come from sides that are floored to a token', () => {
    expect(expectValue(read(ltx, [1, 2 * 15 * 22, 128], 511, 735))).toMatchObject({
      height: 480,
      width: 704,
      frames: 9,
    })
  })

  test('need height and width', () => {
    expect(expectError(read(ltx, [1, 384, 128]))).toMatchObject({
      expected: 'height and width in pixels, which packed latents need',
    })
  })

  test.each([
    [383, 512, 768, 'a multiple of 384 tokens for 768x512 pixels, not 383'],
    [384, 31, 768, 'a multiple of 0 tokens for 768x31 pixels, not 384'],
  ])('are refused when %i of them do not fill frames of %i x %i', (tokens, height, width, expected) => {
    expect(expectError(read(ltx, [1, tokens, 128], height, width))).toEqual({ reason: 'size', expected })
  })

  test.each([[[1, 384, 127]], [[1, 128, 1, 16, 24]], [[384, 128]]])('are not looked for in %j', (shape) => {
    expect(expectError(read(ltx, shape, 512, 768))).toEqual({ reason: 'shape' })
  })
})
