import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { describeShapes, readGeometry } from './latent-shape.ts'
import type { ServableModel } from './registry.ts'
import type { Layout } from './vae.ts'

const named = servableModels.map((model) => [model.id, model] as const)
const [BATCH, HEIGHT, WIDTH] = [2, 6, 10]

function shapeOf(
  model: ServableModel,
  layout: Layout | 'CHW',
  changes: Record<string, number> = {},
): number[] {
  const sizes: Record<string, number> = {
    B: BATCH,
    C: model.channels,
    T: model.kind === 'image' ? 1 : 3,
    H: HEIGHT,
    W: WIDTH,
    ...changes,
  }
  return [...layout].map((axis) => sizes[axis] ?? 0)
}

/** Frames of 2 and of 3 latent frames, as the pipelines of the models have it. */
const FRAMES: Readonly<Record<string, readonly [two: number, three: number]>> = {
  svd: [2, 3],
  latte: [2, 3],
  'hunyuan-video': [5, 9],
  'hunyuan-video-1.5': [5, 9],
  'kandinsky5-video': [5, 9],
  'wan-2.1': [5, 9],
  'wan-2.2': [5, 9],
  'ltx-video': [9, 17],
  'ltx-2': [9, 17],
  cogvideox: [8, 9],
  'cogvideox-5b': [8, 9],
  mochi: [7, 13],
  cosmos: [9, 17],
  allegro: [8, 12],
  easyanimate: [5, 9],
}

describe.each(named)('%s', (id, model) => {
  test.each(model.layouts)('reads its latents as %s', (layout) => {
    const side = model.spatialCompression
    expect(expectValue(readGeometry(model, shapeOf(model, layout), undefined))).toEqual({
      layout,
      batch: BATCH,
      latentFrames: model.kind === 'image' ? 1 : 3,
      latentHeight: HEIGHT,
      latentWidth: WIDTH,
      height: HEIGHT * side,
      width: WIDTH * side,
      frames: model.kind === 'image' ? 1 : FRAMES[id]?.[1],
    })
  })

  test.each(model.layouts)('ignores a height and width that make no sense with %s', (layout) => {
    const shape = shapeOf(model, layout)
    const size = { height: HEIGHT, width: HEIGHT * 8 }
    expect(readGeometry(model, shape, size)).toEqual(readGeometry(model, shape, undefined))
  })

  test.each(model.layouts)('refuses other channels in %s and says which shapes it takes', (layout) => {
    const { expected } = expectError(readGeometry(model, shapeOf(model, layout, { C: 5 }), undefined))
    expect(expected).toContain(describeShapes(model))
    expect(expected).toMatch(new RegExp(`\\b${model.channels}\\b`))
  })

  test('refuses axes too few and too many', () => {
    const [layout = 'BCHW'] = model.layouts
    const shape = shapeOf(model, layout)
    for (const wrong of [[...shape, 1], [1, ...shape], shape.slice(0, 2)]) {
      expect(readGeometry(model, wrong, undefined).ok).toBe(false)
    }
  })

  if (model.kind === 'video') {
    test('makes frames as its pipeline does, from two latent frames too', () => {
      for (const layout of model.layouts) {
        const two = expectValue(readGeometry(model, shapeOf(model, layout, { T: 2 }), undefined))
        expect(two.frames).toBe(FRAMES[id]?.[0])
      }
    })
  } else {
    test('has one picture, not a sequence of them', () => {
      for (const layout of model.layouts.filter((layout) => layout.includes('T'))) {
        expect(readGeometry(model, shapeOf(model, layout, { T: 2 }), undefined).ok).toBe(false)
      }
      expect(readGeometry(model, [BATCH, 2, model.channels, HEIGHT, WIDTH], undefined).ok).toBe(false)
    })
  }

  if (model.layouts.includes('BCHW')) {
    const side = model.spatialCompression
    const shape = shapeOf(model, 'CHW')
    test.each([
      ['no size', undefined],
      ['its size', { height: HEIGHT * side, width: WIDTH * side }],
      ['an odd size', { height: HEIGHT * side + side - 1, width: WIDTH * side + 1 }],
    ])('reads a picture without a batch axis, given %s', (_, size) => {
      expect(expectValue(readGeometry(model, shape, size))).toMatchObject({
        layout: 'CHW',
        batch: 1,
        height: HEIGHT * side,
        width: WIDTH * side,
      })
    })

    test('refuses three axes whose size is another one', () => {
      for (const size of [
        { height: HEIGHT * side, width: WIDTH * side + side },
        { height: HEIGHT * side - 1, width: WIDTH * side },
      ]) {
        expect(readGeometry(model, shape, size).ok).toBe(false)
      }
    })
  } else {
    test('needs the batch axis', () => {
      expect(readGeometry(model, shapeOf(model, 'CHW'), undefined).ok).toBe(false)
    })
  }
})

describe('SD.Next', () => {
  test('sends an unpacked Flux latent as three axes, whose last one looks like packed channels', () => {
    const unpacked = expectValue(readGeometry(servable('flux'), [16, 64, 64], { height: 512, width: 512 }))
    expect(unpacked).toMatchObject({ layout: 'CHW', batch: 1, height: 512, width: 512 })
  })

  test('sends a packed batch in one request', () => {
    const packed = expectValue(readGeometry(servable('flux'), [16, 64, 64], { height: 128, width: 128 }))
    expect(packed).toMatchObject({ layout: 'flux-2x2', batch: 16, height: 128, width: 128 })
  })
})

test.each([
  ['sd-v1', '[B, 4, H/8, W/8]'],
  ['flux', '[B, 16, H/8, W/8] or [B, (H/16)*(W/16), 64]'],
  ['flux2', '[B, 32, H/8, W/8] or [B, (H/16)*(W/16), 128] or [B, 128, H/16, W/16]'],
  ['qwen-image', '[B, 16, T, H/8, W/8] or [B, (H/16)*(W/16), 64]'],
  ['cogvideox', '[B, T, 16, H/8, W/8] or [B, 16, T, H/8, W/8]'],
  ['kandinsky5-video', '[B, T, H/8, W/8, 16] or [B, 16, T, H/8, W/8]'],
  ['ltx-video', '[B, 128, T, H/32, W/32] or [B, T*(H/32)*(W/32), 128]'],
  ['stable-cascade', '[B, 4, H/4, W/4]'],
])('says of %s that it takes %s', (name, shapes) => {
  expect(describeShapes(servable(name))).toBe(shapes)
})

test('C16: reads no shape as more pixels than it has elements for', () => {
  const size = fc.integer({ min: 1, max: 99_999 })
  const shapes = fc.array(fc.oneof(size, fc.constantFrom(1, 4, 16, 32, 64, 128)), {
    minLength: 3,
    maxLength: 5,
  })
  const sizes = fc.option(fc.record({ height: size, width: size }), { nil: undefined })
  fc.assert(
    fc.property(fc.constantFrom(...servableModels), shapes, sizes, (model, shape, size) => {
      const read = readGeometry(model, shape, size)
      if (!read.ok) return
      const { batch, latentFrames, latentHeight, latentWidth } = read.value
      const elements = shape.reduce((product, side) => product * side, 1)
      expect(batch * latentFrames * latentHeight * latentWidth * model.channels).toBe(elements)
    }),
    { ...seeded, numRuns: 2_000 },
  )
})
