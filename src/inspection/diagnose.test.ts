import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { normalNoise } from '../../test/support/noise.ts'
import { seeded } from '../../test/support/seeded.ts'
import { readNpy, readTorch, realLatents, sharedData } from '../../test/support/shared-data.ts'
import { allModels } from '../models/registry.ts'
import type { ScalingRequest } from '../wire/decode-query.ts'
import { readFloats } from '../wire/tensor.ts'
import { diagnose } from './diagnose.ts'
import { measure } from './measure.ts'
import { rawStd } from './scale.ts'

const NONE: ScalingRequest = { kind: 'none' }
const MODEL: ScalingRequest = { kind: 'model' }
const by = (factor: number, shift = 0): ScalingRequest => ({ kind: 'explicit', factor, shift })

const warnings = (values: Float32Array<ArrayBuffer>, model: string, asked: ScalingRequest) =>
  diagnose(measure(values.slice().buffer, 'float32'), servable(model), asked, allModels)
const codes = (values: Float32Array<ArrayBuffer>, model: string, asked: ScalingRequest) =>
  warnings(values, model, asked).map(({ code }) => code)

/** Numbers that spread as much as is said. */
const spread = (std: number): Float32Array<ArrayBuffer> => normalNoise(7, 16_384).map((value) => value * std)

/** What a client sends that scales by itself, or leaves it to the VAE. */
const ownWays = (
  values: Float32Array<ArrayBuffer>,
  model: string,
): [Float32Array<ArrayBuffer>, ScalingRequest][] => {
  const { scaling } = servable(model)
  if (scaling.kind !== 'factor') return [[values, MODEL]]
  const raw = values.map((value) => value / scaling.factor + scaling.shift)
  return [
    [values, MODEL],
    [values, by(scaling.factor, scaling.shift)],
    [raw, NONE],
    [raw, by(1)],
  ]
}

describe('nothing looks wrong about', () => {
  test('standard normal noise of any size, for any model', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.constantFrom(16_384, 40_000, 300_000))
    fc.assert(
      fc.property(fc.nat(), size, fc.constantFrom(...servableModels), (seed, count, model) => {
        for (const [values, asked] of ownWays(normalNoise(seed, count), model.id)) {
          expect(codes(values, model.id, asked)).toEqual([])
        }
      }),
      { ...seeded, numRuns: 150 },
    )
  })

  test.skipIf(!sharedData)('a real latent of a photograph, scaled by whomever', () => {
    expect(realLatents().length).toBeGreaterThan(10)
    for (const { file, model, bytes } of realLatents()) {
      for (const [values, asked] of ownWays(readFloats(bytes.slice(0), 'float16'), model)) {
        expect(codes(values, model, asked), file).toEqual([])
      }
    }
  })

  test.skipIf(!sharedData)('a real latent of a video, and a raw one of the full VAE', () => {
    const video = new Float32Array(readTorch('wan-2.1.1x16x16x40x64.f32.pth'))
    expect(codes(video, 'wan-2.1', MODEL)).toEqual([])
    const raw = readNpy('sd-v1-unscaled-mean-std.8x32x32.f32.npy').slice(0, 4 * 32 * 32)
    expect(codes(raw, 'sd-v1', NONE)).toEqual([])
  })
})

describe('a latent that is scaled twice', () => {
  test.each(['sd-v1', 'sdxl', 'flux', 'hunyuan-video'])('of %s is seen', (name) => {
    const raw = rawStd(servable(name).scaling) ?? 0
    expect(codes(spread(raw), name, MODEL)).toEqual(['latent-scaled-twice'])
    const { scaling } = servable(name)
    if (scaling.kind !== 'factor') throw new Error('expected a factor')
    expect(codes(spread(raw), name, by(scaling.factor, scaling.shift))).toEqual(['latent-scaled-twice'])
  })

  test.skipIf(!sharedData)('is seen in a raw latent of the full VAE', () => {
    const raw = readNpy('sd-v1-unscaled-mean-std.8x32x32.f32.npy').slice(0, 4 * 32 * 32)
    expect(warnings(raw, 'sd-v1', by(0.18215))).toEqual([
      { code: 'latent-scaled-twice', facts: { std: expect.closeTo(5.17, 1), expected: expect.closeTo(1) } },
    ])
  })
})

describe('a latent that is not scaled', () => {
  test.each([
    ['sd-v1', NONE],
    ['sdxl', NONE],
    ['flux', NONE],
    ['sd-v1', by(1)],
    ['wan-2.1', NONE],
  ] as const)('of %s is seen', (name, asked) => {
    expect(codes(spread(0.9), name, asked)).toEqual(['latent-not-scaled'])
  })

  test('is not suspected where only the weights know the scale, or where it hardly matters', () => {
    expect(codes(spread(1), 'stable-cascade', NONE)).toEqual([])
    expect(codes(spread(1), 'cogview4', NONE)).toEqual([])
  })
})

describe('constants', () => {
  test('of another model are recognised, those of the same channels first', () => {
    expect(warnings(spread(1), 'sd-v1', by(0.13025))).toEqual([
      {
        code: 'scaling-factor-of-another-model',
        facts: { sent: 0.13025, expected: 0.18215, model: 'sdxl' },
      },
    ])
    expect(warnings(spread(1), 'sdxl', by(0.5))[0]?.facts.model).toBe('playground-2.5')
    expect(warnings(spread(1), 'sd-v1', by(0.3611))[0]?.facts.model).toBe('flux')
  })

  test('without the shift are noticed', () => {
    expect(warnings(spread(1), 'flux', by(0.3611))).toEqual([
      { code: 'shift-factor-differs', facts: { sent: 0, expected: 0.1159 } },
    ])
  })

  test('that nobody has are judged by the numbers alone', () => {
    expect(codes(spread(1), 'sd-v1', by(0.17))).toEqual([])
    expect(codes(spread(1), 'sd-v1', by(0.02))).toEqual(['latent-scale-unusual'])
  })
})

describe('numbers', () => {
  test('that are all zero are nothing else besides', () => {
    expect(codes(new Float32Array(4_096), 'sd-v1', by(0.13025))).toEqual(['latent-all-zero'])
  })

  test.each([
    ['far apart', 40, MODEL],
    ['far apart and raw', 40, NONE],
    ['hardly apart', 0.01, MODEL],
  ])('that are %s are unusual', (_, std, asked) => {
    expect(codes(spread(std), 'sd-v1', asked)).toEqual(['latent-scale-unusual'])
  })

  test('of a flat picture are not: they have little spread of their own', () => {
    expect(codes(spread(0.2), 'sd-v1', MODEL)).toEqual([])
  })

  test('that are few are left alone', () => {
    expect(
      codes(
        normalNoise(1, 255).map((value) => value * 9),
        'sd-v1',
        MODEL,
      ),
    ).toEqual([])
  })
})
