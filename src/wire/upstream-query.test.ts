import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { type DecodeQuery, parseDecodeQuery } from './decode-query.ts'
import { LATENT_DTYPES } from './dtype.ts'
import { upstreamQuery } from './upstream-query.ts'

const QUERY: DecodeQuery = {
  shape: [1, 4, 64, 64],
  dtype: 'float16',
  outputType: 'pil',
  imageFormat: 'jpg',
  partialPostprocess: false,
  scaling: { kind: 'explicit', factor: 0.18215, shift: 0 },
  size: undefined,
  model: undefined,
  outputDtype: undefined,
  strict: false,
}
const written = (changes: Partial<DecodeQuery>, packed = false): string => {
  const query = { ...QUERY, ...changes }
  return upstreamQuery(query, query.shape, query.outputType ?? 'pil', packed).toString()
}

describe('what a backend is asked', () => {
  test('is written as diffusers writes it', () => {
    expect(written({})).toBe(
      'image_format=jpg&output_type=pil&partial_postprocess=False&shape=1&shape=4&shape=64&shape=64&dtype=float16&scaling_factor=0.18215',
    )
    expect(
      written(
        {
          shape: [1, 4096, 64],
          dtype: 'bfloat16',
          outputType: 'pt',
          imageFormat: 'png',
          partialPostprocess: true,
          scaling: { kind: 'explicit', factor: 0.3611, shift: 0.1159 },
          size: { height: 1024, width: 512 },
        },
        true,
      ),
    ).toBe(
      'image_format=png&output_type=pt&partial_postprocess=True&shape=1&shape=4096&shape=64&dtype=bfloat16&scaling_factor=0.3611&shift_factor=0.1159&height=1024&width=512',
    )
  })

  test('says "no scaling" aloud, because some handlers scale when nothing is said', () => {
    expect(written({ scaling: { kind: 'none' } })).toMatch(/&do_scaling=False$/)
    expect(written({ scaling: { kind: 'model' } })).toMatch(/&do_scaling=True$/)
  })

  test('names height and width of packed latents only', () => {
    const size = { height: 24, width: 320 }
    expect(written({ size }, false)).not.toMatch(/height|width/)
    expect(written({ size }, true)).toMatch(/&height=24&width=320$/)
    expect(written({ size: undefined }, true)).not.toMatch(/height|width/)
  })

  test('is the shape that the backend shall read, not the one the client sent', () => {
    const query = upstreamQuery({ ...QUERY, shape: [16, 64, 64] }, [1, 16, 64, 64], 'pt', false)
    expect(query.getAll('shape')).toEqual(['1', '16', '64', '64'])
  })

  test('does not name the model: it is in the path or known to the backend', () => {
    expect(written({ model: 'sdxl' })).not.toContain('model')
  })
})

test('keeps from a backend what is between the client and the gateway', () => {
  expect(written({ outputDtype: 'float32', strict: true })).toBe(written({}))
})

test('means to a backend what the client meant', () => {
  const float = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)
  const queries: fc.Arbitrary<DecodeQuery> = fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 99_999 }), { minLength: 3, maxLength: 5 }),
    dtype: fc.constantFrom(...LATENT_DTYPES),
    outputType: fc.constantFrom('pil', 'pt', 'mp4'),
    imageFormat: fc.constantFrom('jpg', 'png'),
    partialPostprocess: fc.boolean(),
    scaling: fc.oneof(
      fc.constant({ kind: 'none' as const }),
      fc.constant({ kind: 'model' as const }),
      fc.record({
        kind: fc.constant('explicit' as const),
        factor: float.filter((number) => number !== 0),
        shift: float,
      }),
    ),
    size: fc.record({
      height: fc.integer({ min: 1, max: 99_999 }),
      width: fc.integer({ min: 1, max: 99_999 }),
    }),
    model: fc.constant(undefined),
    outputDtype: fc.constant(undefined),
    strict: fc.constant(false),
  })
  fc.assert(
    fc.property(queries, (query) => {
      const params = upstreamQuery(query, query.shape, query.outputType ?? 'pil', true)
      expect(expectValue(parseDecodeQuery(params))).toEqual(query)
    }),
    seeded,
  )
})
