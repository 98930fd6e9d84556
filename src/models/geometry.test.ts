import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable } from '../../test/support/catalog.ts'
import { seeded } from '../../test/support/seeded.ts'
import { geometryOf, isPacked, latentFrameOf, megapixels, pictureFrames, upstreamShape } from './geometry.ts'
import type { FrameRule } from './vae.ts'

describe('frames of a video', () => {
  test.each<[string, FrameRule, number, number]>([
    ['a picture', { kind: 'still' }, 1, 1],
    ['one latent frame', { kind: 'causal', stride: 4 }, 1, 1],
    ['the latent of the remote tests', { kind: 'causal', stride: 4 }, 3, 9],
    ['HunyuanVideo, 129 frames', { kind: 'causal', stride: 4 }, 33, 129],
    ['Wan, 81 frames', { kind: 'causal', stride: 4 }, 21, 81],
    ['Mochi, 85 frames', { kind: 'causal', stride: 6 }, 15, 85],
    ['LTX, 121 frames', { kind: 'causal', stride: 8 }, 16, 121],
    ['SVD, a frame each', { kind: 'uniform', stride: 1 }, 25, 25],
    ['Allegro, 88 frames', { kind: 'uniform', stride: 4 }, 22, 88],
    ['CogVideoX, odd: 49 frames', { kind: 'parity', stride: 4 }, 13, 49],
    ['CogVideoX, even: 56 frames', { kind: 'parity', stride: 4 }, 14, 56],
    ['CogVideoX, one', { kind: 'parity', stride: 4 }, 1, 1],
    ['CogVideoX, two', { kind: 'parity', stride: 4 }, 2, 8],
  ])('%s', (_, rule, latentFrames, frames) => {
    expect(pictureFrames(rule, latentFrames)).toBe(frames)
  })

  const rules = fc.oneof(
    fc.constant<FrameRule>({ kind: 'still' }),
    fc.record({
      kind: fc.constantFrom('causal' as const, 'uniform' as const, 'parity' as const),
      stride: fc.integer({ min: 1, max: 8 }),
    }),
  )

  test('each come from a latent frame, in order, none left out, the last one from the last', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 40 }), (rule, sent) => {
        const latentFrames = rule.kind === 'still' ? 1 : sent
        const count = pictureFrames(rule, latentFrames)
        const shown = Array.from({ length: count }, (_, frame) => latentFrameOf(rule, latentFrames, frame))
        expect(shown).toEqual(shown.toSorted((a, b) => a - b))
        expect([...new Set(shown)]).toEqual(
          Array.from({ length: latentFrames }, (_, latentFrame) => latentFrame),
        )
      }),
      seeded,
    )
  })

  test.each<[FrameRule, number, number[]]>([
    [{ kind: 'causal', stride: 4 }, 3, [0, 1, 1, 1, 1, 2, 2, 2, 2]],
    [{ kind: 'uniform', stride: 4 }, 2, [0, 0, 0, 0, 1, 1, 1, 1]],
    [{ kind: 'parity', stride: 2 }, 3, [0, 1, 1, 2, 2]],
    [{ kind: 'parity', stride: 2 }, 2, [0, 0, 1, 1]],
  ])('come from latent frames as %j has it', (rule, latentFrames, shown) => {
    expect(shown.map((_, frame) => latentFrameOf(rule, latentFrames, frame))).toEqual(shown)
  })
})

describe('sizes', () => {
  const flux = servable('flux')

  test('are those of the latent times the compression', () => {
    expect(geometryOf(servable('sana'), 'BCHW', 2, 1, 32, 24)).toMatchObject({
      batch: 2,
      height: 1024,
      width: 768,
      frames: 1,
    })
  })

  test('count every picture of a batch and every frame', () => {
    expect(megapixels(geometryOf(flux, 'BCHW', 3, 1, 125, 100))).toBeCloseTo(2.4)
    expect(megapixels(geometryOf(servable('hunyuan-video'), 'BCTHW', 1, 3, 40, 64))).toBeCloseTo(1.47456)
  })

  test('add a batch axis for the backend where the client sent none', () => {
    expect(upstreamShape(geometryOf(flux, 'CHW', 1, 1, 64, 64), [16, 64, 64])).toEqual([1, 16, 64, 64])
    expect(upstreamShape(geometryOf(flux, 'BCHW', 2, 1, 64, 64), [2, 16, 64, 64])).toEqual([2, 16, 64, 64])
    expect(upstreamShape(geometryOf(flux, 'flux-2x2', 1, 1, 64, 64), [1, 1024, 64])).toEqual([1, 1024, 64])
  })

  test.each([
    ['flux-2x2', true],
    ['flux2-patchify', true],
    ['ltx-flatten', true],
    ['BCHW', false],
    ['CHW', false],
    ['BTHWC', false],
  ] as const)('are needed from the client for %s: %s', (layout, packed) => {
    expect(isPacked(geometryOf(flux, layout, 1, 1, 2, 2))).toBe(packed)
  })
})
