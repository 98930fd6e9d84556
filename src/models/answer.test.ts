import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { servable, servableModels } from '../../test/support/catalog.ts'
import { expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { negotiate } from '../wire/media-types.ts'
import { type ExpectedAnswer, expectAnswer, maxAnswerBytes } from './answer.ts'
import { type Geometry, geometryOf } from './geometry.ts'

const sd = servable('sd-v1')
const hunyuan = servable('hunyuan-video')
/** Two pictures of 512 x 768; one video of 9 frames of 320 x 512. */
const pictures = geometryOf(sd, 'BCHW', 2, 1, 64, 96)
const video = geometryOf(hunyuan, 'BCTHW', 1, 3, 40, 64)
const FLOATS = ['float16', 'bfloat16', 'float32']

const answerOf = (
  kind: 'image' | 'video',
  outputType: 'pil' | 'pt' | 'mp4',
  partial: boolean,
  accept: string,
): ExpectedAnswer => {
  const { format } = expectValue(negotiate(accept, outputType, 'jpg', kind))
  return kind === 'image'
    ? expectAnswer(sd, pictures, format, outputType, partial)
    : expectAnswer(hunyuan, video, format, outputType, partial)
}

describe('an answer is what section 5 of the protocol says', () => {
  test.each([
    ['image', 'pil', false, 'image/jpeg', { kind: 'image', width: 768, height: 512 }],
    ['image', 'pil', true, 'image/png', { kind: 'image', width: 768, height: 512 }],
    ['image', 'pil', false, 'tensor/binary', { kind: 'tensor', shape: [2, 3, 512, 768], dtypes: FLOATS }],
    ['image', 'pil', true, 'tensor/binary', { kind: 'tensor', shape: [2, 3, 512, 768], dtypes: FLOATS }],
    ['image', 'pt', false, 'tensor/binary', { kind: 'tensor', shape: [2, 3, 512, 768], dtypes: FLOATS }],
    ['image', 'pt', true, 'tensor/binary', { kind: 'tensor', shape: [2, 512, 768, 3], dtypes: ['uint8'] }],
    ['video', 'mp4', false, 'text/plain', { kind: 'video' }],
    ['video', 'mp4', true, 'video/mp4', { kind: 'video' }],
    ['video', 'pil', false, 'tensor/binary', { kind: 'tensor', shape: [9, 3, 320, 512], dtypes: FLOATS }],
    ['video', 'pil', true, 'tensor/binary', { kind: 'tensor', shape: [9, 3, 320, 512], dtypes: FLOATS }],
    ['video', 'pt', false, 'tensor/binary', { kind: 'tensor', shape: [1, 3, 9, 320, 512], dtypes: FLOATS }],
    ['video', 'pt', true, 'tensor/binary', { kind: 'tensor', shape: [9, 320, 512, 3], dtypes: ['uint8'] }],
  ] as const)('%s %s, post-processed: %s, as %s', (kind, outputType, partial, mediaType, expected) => {
    expect(answerOf(kind, outputType, partial, mediaType)).toEqual({ ...expected, mediaType })
  })
})

describe('the most bytes of an answer', () => {
  test.each([
    ['pt', true, 2 * 512 * 768 * 3],
    ['pt', false, 2 * 512 * 768 * 3 * 4],
  ] as const)('are exact for tensors: %s, post-processed %s', (outputType, partial, bytes) => {
    expect(maxAnswerBytes(answerOf('image', outputType, partial, 'tensor/binary'), pictures)).toBe(bytes)
  })

  test('leave room for a picture that cannot be compressed, and for little more', () => {
    const large = geometryOf(sd, 'BCHW', 2, 1, 512, 512)
    const raw = 4096 * 4096 * 3
    const bytes = maxAnswerBytes(answerOf('image', 'pil', false, 'image/png'), large)
    expect(bytes).toBeGreaterThan(raw * 1.04)
    expect(bytes).toBeLessThan(raw * 1.06)
  })

  test('count every frame of a video', () => {
    const raw = 9 * 320 * 512 * 3
    expect(maxAnswerBytes(answerOf('video', 'mp4', false, 'video/mp4'), video)).toBeGreaterThan(raw)
  })

  test('are at least those of any tensor that is expected, for any model and size', () => {
    const geometries: fc.Arbitrary<Geometry> = fc
      .tuple(
        fc.constantFrom(...servableModels),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
      )
      .map(([model, batch, frames, height, width]) => geometryOf(model, 'BCHW', batch, frames, height, width))
    fc.assert(
      fc.property(geometries, fc.constantFrom(sd, hunyuan), fc.boolean(), (geometry, model, partial) => {
        const expected = expectAnswer(
          model,
          geometry,
          { kind: 'tensor', mediaType: 'tensor/binary' },
          'pt',
          partial,
        )
        if (expected.kind !== 'tensor') throw new Error('a tensor was asked for')
        const most = maxAnswerBytes(expected, geometry)
        for (const dtype of expected.dtypes)
          expect(tensorBytes(expected.shape, dtype)).toBeLessThanOrEqual(most)
      }),
      seeded,
    )
  })
})
