import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalNoise } from '../../test/support/noise.ts'
import { seeded } from '../../test/support/seeded.ts'
import { LATENT_DTYPES, type LatentDtype } from '../wire/dtype.ts'
import { writeFloats } from '../wire/tensor.ts'
import { measure } from './measure.ts'

const bytesOf = (values: Float32Array<ArrayBuffer>, dtype: LatentDtype): ArrayBuffer =>
  writeFloats(values.slice(), dtype)
const dtypes = fc.constantFrom(...LATENT_DTYPES)

describe('numbers that are none', () => {
  const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)

  test('C20: are found wherever a single one stands in the latent of a picture', () => {
    const count = fc.integer({ min: 1, max: 262_144 })
    const places = count.chain((count) => fc.tuple(fc.constant(count), fc.nat(count - 1)))
    fc.assert(
      fc.property(places, bad, dtypes, ([count, at], value, dtype) => {
        const values = new Float32Array(count).fill(0.5)
        values[at] = value
        expect(measure(bytesOf(values, dtype), dtype).isFinite).toBe(false)
      }),
      { ...seeded, numRuns: 200 },
    )
  })

  test('C20: are found in the latent of a long video, where a frame is full of them', () => {
    const values = new Float32Array(6_000_000).fill(0.5)
    values.fill(Number.NaN, 3_000_000, 3_100_000)
    for (const dtype of LATENT_DTYPES) expect(measure(bytesOf(values, dtype), dtype).isFinite).toBe(false)
  })

  test('are not seen in numbers that are finite, however large or small', () => {
    const finite = fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 99 })
    fc.assert(
      fc.property(finite, fc.constantFrom('float16', 'bfloat16'), (bits, dtype: LatentDtype) => {
        const exponent = dtype === 'float16' ? 0x7c00 : 0x7f80
        const halves = Uint16Array.from(bits, (half) =>
          (half & exponent) === exponent ? half & ~exponent : half,
        )
        expect(measure(halves.buffer, dtype).isFinite).toBe(true)
      }),
      { ...seeded, numRuns: 1_000 },
    )
    const largest = Float32Array.of(3.4e38, -3.4e38, 1e-45, 0)
    expect(measure(largest.buffer, 'float32').isFinite).toBe(true)
  })
})

describe('mean and deviation', () => {
  test('are those of the numbers', () => {
    const { mean, std, count } = measure(Float32Array.of(1, 3, 5, 7).buffer, 'float32')
    expect([mean, std, count]).toEqual([4, Math.sqrt(5), 4])
  })

  test.each([300, 40_000, 1_000_000])('of %d normal numbers are 0 and 1, by whatever sample', (count) => {
    for (const dtype of LATENT_DTYPES) {
      const { mean, std } = measure(bytesOf(normalNoise(count, count), dtype), dtype)
      expect(mean).toBeCloseTo(0, 0)
      expect(std).toBeGreaterThan(0.85)
      expect(std).toBeLessThan(1.15)
    }
  })

  test('of a sample are near those of all, whatever axis the numbers differ along', () => {
    const count = 1_048_576
    // Period in elements: channels of tokens, rows, planes.
    for (const period of [4, 10, 64, 128, 1_024, 65_536]) {
      const values = Float32Array.from({ length: count }, (_, i) =>
        Math.cos((2 * Math.PI * (i + 0.5)) / period),
      )
      const all = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / count)
      const { std } = measure(values.buffer, 'float32')
      expect(Math.abs(std / all - 1), `period ${period}`).toBeLessThan(0.12)
    }
  })
})

test('zeros are zeros, and one number among them is seen', () => {
  expect(measure(new ArrayBuffer(32_768), 'float16').isZero).toBe(true)
  expect(measure(Float32Array.of(0, -0, 0, 1e-9).buffer, 'float32').isZero).toBe(false)
})
