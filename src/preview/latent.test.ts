import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { arange, permute } from '../../test/support/permute.ts'
import { seeded } from '../../test/support/seeded.ts'
import { type Geometry, geometryOf } from '../models/geometry.ts'
import type { ServableModel } from '../models/registry.ts'
import type { Scaling } from '../models/vae.ts'
import { readLatent, toDiffusionSpace } from './latent.ts'

const [B, T, H, W] = [2, 3, 4, 6]

/** Numbers the elements of [B, C, T, H, W], lays them out with `layOut`, and reads each of them back. */
function expectEveryElement(
  model: ServableModel,
  layout: Geometry['layout'],
  rank: number,
  frames: number,
  layOut: (values: number[], c: number) => number[],
): void {
  const c = model.channels
  const batch = layout === 'CHW' ? 1 : B
  const geometry = geometryOf(model, layout, batch, frames, H, W)
  const numbered = arange([batch, c, frames, H, W])
  const values = Float32Array.from(layOut(numbered, c))
  const { indexOf } = readLatent(model, geometry, values, rank, { kind: 'none' })
  const read: (number | undefined)[] = []
  for (let b = 0; b < batch; b++)
    for (let channel = 0; channel < c; channel++)
      for (let t = 0; t < frames; t++)
        for (let y = 0; y < H; y++)
          for (let x = 0; x < W; x++) read.push(values[indexOf(b, channel, t, y, x)])
  expect(read).toEqual(numbered)
}

describe('every element is found in', () => {
  const flux = servable('flux')
  const wan = servable('wan-2.1')

  test('BCHW and CHW', () => {
    expectEveryElement(flux, 'BCHW', 4, 1, (values) => values)
    expectEveryElement(flux, 'CHW', 3, 1, (values) => values)
  })

  test('BCTHW', () => {
    expectEveryElement(wan, 'BCTHW', 5, T, (values) => values)
  })

  test('BTCHW', () => {
    expectEveryElement(wan, 'BTCHW', 5, T, (values, c) => permute(values, [B, c, T, H, W], [0, 2, 1, 3, 4]))
  })

  test('BTHWC', () => {
    expectEveryElement(wan, 'BTHWC', 5, T, (values, c) => permute(values, [B, c, T, H, W], [0, 2, 3, 4, 1]))
  })

  // diffusers: view(B, C, H/2, 2, W/2, 2).permute(0, 2, 4, 1, 3, 5).reshape(B, H/2 * W/2, C * 4)
  test('tokens of Flux', () => {
    expectEveryElement(flux, 'flux-2x2', 3, 1, (values, c) =>
      permute(values, [B, c, H / 2, 2, W / 2, 2], [0, 2, 4, 1, 3, 5]),
    )
  })

  // diffusers: view(B, C, H/2, 2, W/2, 2).permute(0, 1, 3, 5, 2, 4).reshape(B, C * 4, H/2, W/2)
  const patchify = (values: number[], c: number): number[] =>
    permute(values, [B, c, H / 2, 2, W / 2, 2], [0, 1, 3, 5, 2, 4])

  test('the grid of FLUX.2', () => {
    expectEveryElement(servable('flux2'), 'flux2-patchify', 4, 1, patchify)
  })

  // The same, then reshape(B, C * 4, H/2 * W/2).permute(0, 2, 1)
  test('tokens of FLUX.2', () => {
    expectEveryElement(servable('flux2'), 'flux2-patchify', 3, 1, (values, c) =>
      permute(patchify(values, c), [B, c * 4, (H / 2) * (W / 2)], [0, 2, 1]),
    )
  })

  // diffusers: permute(0, 2, 3, 4, 1).reshape(B, T * H * W, C), with patches of one element
  test('tokens of LTX', () => {
    expectEveryElement(servable('ltx-video'), 'ltx-flatten', 3, T, (values, c) =>
      permute(values, [B, c, T, H, W], [0, 2, 3, 4, 1]),
    )
  })
})

describe('what the client asked for is done, then undone with the model’s own constants', () => {
  const FACTOR: Scaling = { kind: 'factor', factor: 0.3611, shift: 0.1159 }
  const STATISTICS: Scaling = { kind: 'statistics', mean: [0.5, -1], std: [2, 4], factor: 0.5 }

  /** The value that z becomes in the raw space of a model. */
  const toRaw = (model: Scaling, z: number, c: number): number => {
    if (model.kind === 'factor') return z / model.factor + model.shift
    if (model.kind === 'statistics') return (z * (model.std[c] ?? 1)) / model.factor + (model.mean[c] ?? 0)
    return z
  }
  const apply = (...[model, asked, channels]: Parameters<typeof toDiffusionSpace>) => {
    const normalise = toDiffusionSpace(model, asked, channels)
    return (value: number, c = 0, t = 0, y = 0, x = 0): number => {
      const { gain, offset } = normalise(c, t, y, x)
      return value * gain + offset
    }
  }
  const values = fc.double({ min: -20, max: 20, noNaN: true })

  test.each([FACTOR, STATISTICS, { kind: 'none' }, { kind: 'checkpoint' }] as Scaling[])(
    'nothing changes where the model scales by itself: $kind',
    (model) => {
      const map = apply(model, { kind: 'model' }, 2)
      for (const c of [0, 1]) expect(map(1.25, c)).toBe(1.25)
    },
  )

  test('nothing changes where the client sent the model’s own factor and shift', () => {
    const map = apply(FACTOR, { kind: 'explicit', factor: 0.3611, shift: 0.1159 }, 16)
    fc.assert(
      fc.property(values, (z) => {
        expect(map(z)).toBeCloseTo(z, 9)
      }),
      seeded,
    )
  })

  test.each([FACTOR, STATISTICS])(
    'raw values of a client that scaled them itself come back: $kind',
    (model) => {
      const map = apply(model, { kind: 'none' }, 2)
      fc.assert(
        fc.property(values, fc.constantFrom(0, 1), (z, c) => {
          expect(map(toRaw(model, z, c), c)).toBeCloseTo(z, 9)
        }),
        seeded,
      )
    },
  )

  test('a factor of another model looks as wrong as it is', () => {
    const map = apply(
      { kind: 'factor', factor: 0.18215, shift: 0 },
      { kind: 'explicit', factor: 0.13025, shift: 0 },
      4,
    )
    expect(map(1)).toBeCloseTo(0.18215 / 0.13025, 9)
  })

  test('a factor beside statistics divides before they are taken off', () => {
    const map = apply(STATISTICS, { kind: 'explicit', factor: 0.5, shift: 0.25 }, 2)
    expect(map(1, 0)).toBeCloseTo(((1 / 0.5 + 0.25 - 0.5) * 0.5) / 2, 9)
    expect(map(1, 1)).toBeCloseTo(((1 / 0.5 + 0.25 + 1) * 0.5) / 4, 9)
  })

  test.each(['none', 'checkpoint'] as const)('constants that are not known cannot be undone: %s', (kind) => {
    expect(apply({ kind }, { kind: 'explicit', factor: 2, shift: 1 }, 4)(3)).toBe(3)
    expect(apply({ kind }, { kind: 'none' }, 4)(3)).toBe(3)
  })

  test('statistics of latent frames are those of the frame, the last ones for all that follow', () => {
    const perFrame: Scaling = {
      kind: 'statistics',
      mean: [0, 1, 2, 10, 11, 12],
      std: Array(6).fill(1),
      factor: 1,
      latentFrames: 3,
    }
    const map = apply(perFrame, { kind: 'none' }, 2)
    expect([0, 1, 2, 3, 9].map((t) => map(0, 0, t))).toEqual([-0, -1, -2, -2, -2].map((v) => v + 0))
    expect([0, 2, 9].map((t) => map(0, 1, t))).toEqual([-10, -12, -12])
  })

  test('statistics of packed channels are those of the element’s place in its patch', () => {
    const perPatch: Scaling = { kind: 'statistics', mean: arange([8]), std: Array(8).fill(1), factor: 1 }
    const map = apply(perPatch, { kind: 'none' }, 2)
    const places = [0, 1].flatMap((c) => [0, 1].flatMap((y) => [0, 1].map((x) => [c, y, x] as const)))
    expect(places.map(([c, y, x]) => map(100, c, 0, y, x))).toEqual([100, 99, 98, 97, 96, 95, 94, 93])
    expect(map(100, 1, 0, 5, 4)).toBe(map(100, 1, 0, 1, 0))
    expect(map(100, 1, 0, 4, 5)).toBe(map(100, 1, 0, 0, 1))
  })

  test.each(servableModels.map((model) => [model.id, model] as const))(
    'of %s give numbers for every element',
    (_, model) => {
      for (const asked of [
        { kind: 'none' },
        { kind: 'model' },
        { kind: 'explicit', factor: 0.5, shift: 0.1 },
      ] as const) {
        const map = apply(model.scaling, asked, model.channels)
        for (let c = 0; c < model.channels; c++) {
          for (const t of [0, 99]) expect(Number.isFinite(map(1, c, t, 1, 0))).toBe(true)
        }
      }
    },
  )
})
