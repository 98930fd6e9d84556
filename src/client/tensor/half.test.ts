import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../../test/support/seeded.ts'
import { fromHalfBits, toHalfBits } from './half.ts'

const bitsOf = (value: number): number => new Uint16Array(Float16Array.of(value).buffer)[0] as number

test('all 65 536 float16 are the numbers that the platform says, and come back as they were', () => {
  const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index)
  const values = Array.from(new Float16Array(bits.buffer))
  expect(Array.from(bits, fromHalfBits)).toEqual(values)
  const isNumber = (_: number, index: number): boolean => !Number.isNaN(values[index])
  expect(values.filter(isNumber).map(toHalfBits)).toEqual(Array.from(bits).filter(isNumber))
})

test.each([
  ['half way to what is beyond', 65_520, 65_519.99],
  ['between two of the smallest', 2 ** -25, 3 * 2 ** -25],
  ['at the edge of the small ones', 2 ** -14, 2 ** -14 - 2 ** -25],
  ['ties', 1 + 2 ** -11, 1 + 3 * 2 ** -11],
  ['signs', -0, Number.NEGATIVE_INFINITY],
])('%s rounds as the platform does', (_, ...values) => {
  for (const value of values) expect(toHalfBits(value)).toBe(bitsOf(Math.fround(value)))
})

test('any float32 rounds as the platform does', () => {
  const close = fc.integer({ min: 0x33000000 - 5_000, max: 0x47800000 + 5_000 }).map((bits) => {
    return new Float32Array(Uint32Array.of(bits).buffer)[0] as number
  })
  fc.assert(
    fc.property(fc.oneof(close, fc.float({ noNaN: true })), (value) => {
      expect(toHalfBits(value)).toBe(bitsOf(value))
    }),
    { ...seeded, numRuns: 20_000 },
  )
})

test('what is no number stays none', () => {
  expect(fromHalfBits(toHalfBits(Number.NaN))).toBeNaN()
})
