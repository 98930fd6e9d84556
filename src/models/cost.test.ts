import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { seeded } from '../../test/support/seeded.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { maxLatentBytes, maxMegapixels, predictDecodeMs } from './cost.ts'
import { geometryOf, megapixels } from './geometry.ts'

const side = fc.integer({ min: 1, max: 600 })
const geometries = fc
  .tuple(
    fc.constantFrom(...servableModels),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 40 }),
    side,
    side,
  )
  .map(([model, batch, frames, height, width]) => ({
    model,
    geometry: geometryOf(model, 'BCHW', batch, model.kind === 'image' ? 1 : frames, height, width),
  }))

describe('predictDecodeMs', () => {
  test('takes longer for more pixels, and some time for the smallest picture', () => {
    const sd = servable('sd-v1')
    const small = predictDecodeMs(sd, geometryOf(sd, 'BCHW', 1, 1, 1, 1))
    const large = predictDecodeMs(sd, geometryOf(sd, 'BCHW', 1, 1, 128, 128))
    const batch = predictDecodeMs(sd, geometryOf(sd, 'BCHW', 4, 1, 128, 128))
    expect(small).toBeGreaterThanOrEqual(50)
    expect(large).toBeGreaterThan(small)
    expect(batch).toBeGreaterThan(3 * large - 200)
  })

  test('is a finite time for every model', () => {
    fc.assert(
      fc.property(geometries, ({ model, geometry }) => {
        const ms = predictDecodeMs(model, geometry)
        expect(Number.isFinite(ms) && ms > 0).toBe(true)
      }),
      seeded,
    )
  })
})

describe('limits', () => {
  test('allow the sizes that people decode', () => {
    const allows = (name: string, frames: number, height: number, width: number): boolean => {
      const model = servable(name)
      return megapixels(geometryOf(model, 'BCHW', 1, frames, height / 8, width / 8)) <= maxMegapixels(model)
    }
    expect(allows('sdxl', 1, 4096, 4096)).toBe(true)
    expect(allows('sdxl', 1, 4096, 4160)).toBe(false)
    expect(allows('hunyuan-video', 33, 720, 1280)).toBe(true)
    expect(allows('hunyuan-video', 66, 720, 1280)).toBe(false)
  })

  test('T4: of bytes let every latent pass that is not too large to decode', () => {
    fc.assert(
      fc.property(geometries, ({ model, geometry }) => {
        fc.pre(megapixels(geometry) <= maxMegapixels(model))
        const { batch, latentFrames, latentHeight, latentWidth } = geometry
        const shape = [batch, model.channels, latentFrames, latentHeight, latentWidth]
        expect(tensorBytes(shape, 'float32')).toBeLessThanOrEqual(maxLatentBytes(model))
      }),
      { ...seeded, numRuns: 500 },
    )
  })

  test.each(servableModels.map((model) => [model.id, model] as const))(
    'T5: of bytes keep a latent of %s within what an isolate can hold',
    (_, model) => {
      expect(maxLatentBytes(model)).toBeLessThan(200_000_000)
    },
  )
})
