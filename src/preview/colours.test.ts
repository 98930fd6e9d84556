import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { geometryOf } from '../models/geometry.ts'
import { allModels } from '../models/registry.ts'
import { colourPlanes } from './colours.ts'
import { canPreview, latentRgb } from './factors/index.ts'
import type { LatentRgb } from './factors/latent-rgb.ts'
import { readLatent } from './latent.ts'
import { atOnce } from './turns.ts'

const sd = servable('sd-v1')
const RGB: LatentRgb = {
  factors: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0.5, 0.5, -0.5],
  ],
  bias: [0.1, 0, -0.1],
}

describe('colours', () => {
  test('are each channel times its factors, and the bias', () => {
    const [height, width] = [2, 3]
    const geometry = geometryOf(sd, 'BCHW', 2, 1, height, width)
    const values = Float32Array.from({ length: 2 * 4 * height * width }, (_, i) => Math.sin(i))
    const latent = readLatent(sd, geometry, values, 4, { kind: 'model' })
    const colours = atOnce(colourPlanes(latent, RGB, 1, 0))
    expect([colours.width, colours.height]).toEqual([width, height])
    for (const [colour, plane] of colours.planes.entries()) {
      expect(plane).toHaveLength(height * width)
      for (const [pixel, value] of plane.entries()) {
        const elements = RGB.factors.map((_, c) => values[(4 + c) * height * width + pixel] ?? 9)
        const sum = elements.reduce((sum, element, c) => sum + element * (RGB.factors[c]?.[colour] ?? 9), 0)
        expect(value).toBeCloseTo(sum + (RGB.bias[colour] ?? 9), 5)
      }
    }
  })

  test('are those of diffusion space: a latent that was scaled back looks the same', () => {
    const sd3 = servable('sd3')
    const rgb = latentRgb(sd3) ?? RGB
    const geometry = geometryOf(sd3, 'BCHW', 1, 1, 2, 2)
    const z = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i))
    const raw = z.map((value) => value / 1.5305 + 0.0609)
    const ofScaled = atOnce(
      colourPlanes(readLatent(sd3, geometry, z, 4, { kind: 'model' }), rgb, 0, 0),
    ).planes
    const ofRaw = atOnce(colourPlanes(readLatent(sd3, geometry, raw, 4, { kind: 'none' }), rgb, 0, 0)).planes
    for (const [colour, plane] of ofScaled.entries()) {
      for (const [i, value] of plane.entries()) expect(ofRaw[colour]?.[i]).toBeCloseTo(value, 5)
    }
  })
})

describe('factors', () => {
  test('are there for 31 models, all of which can be served', () => {
    const previewed = allModels.filter(canPreview)
    expect(previewed).toHaveLength(31)
    expect(previewed.every((model) => servableModels.includes(model))).toBe(true)
  })

  test.each(allModels.filter(canPreview).map((model) => [model.id, model] as const))(
    'of %s are three numbers for each channel',
    (_, model) => {
      const rgb = latentRgb(model)
      expect(rgb?.factors).toHaveLength(model.channels)
      const numbers = [...(rgb?.factors ?? []), rgb?.bias ?? []]
      expect(numbers.every((row) => row.length === 3 && row.every(Number.isFinite))).toBe(true)
    },
  )
})
