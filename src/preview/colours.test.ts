import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { geometryOf } from '../models/geometry.ts'
import { allModels } from '../models/registry.ts'
import { colourPlanes } from './colours.ts'
import { canPreview, latentRgb } from './factors/index.ts'
import type { LatentRgb } from './factors/latent-rgb.ts'
import { readLatent } from './latent.ts'

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
    const geometry = geometryOf(sd, 'BCHW', 2, 1, 1, 2)
    const values = Float32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.2, 0.4])
    const latent = readLatent(sd, geometry, values, 4, { kind: 'model' })
    const { width, height, planes } = colourPlanes(latent, RGB, 1, 0)
    expect([width, height]).toEqual([2, 1])
    const expected = [
      [0.1 + 0.1 + 0.1, 0.1 + 0.2 + 0.2],
      [0.3 + 0.1, 0.4 + 0.2],
      [-0.1 + 0.5 - 0.1, -0.1 + 0.6 - 0.2],
    ]
    for (const [colour, plane] of planes.entries()) {
      for (const [i, value] of plane.entries()) expect(value).toBeCloseTo(expected[colour]?.[i] ?? 9, 6)
    }
  })

  test('are those of diffusion space: a latent that was scaled back looks the same', () => {
    const geometry = geometryOf(sd, 'BCHW', 1, 1, 2, 2)
    const z = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i))
    const raw = z.map((value) => value / 0.18215)
    const ofScaled = colourPlanes(readLatent(sd, geometry, z, 4, { kind: 'model' }), RGB, 0, 0).planes
    const ofRaw = colourPlanes(readLatent(sd, geometry, raw, 4, { kind: 'none' }), RGB, 0, 0).planes
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
