import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { fromBase64, timingSafeEqual, toBase64 } from './bytes.ts'

describe('timingSafeEqual', () => {
  test('finds a copy equal', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(timingSafeEqual(bytes, bytes.slice())).toBe(true)
      }),
      seeded,
    )
  })

  test('finds bytes different when a single bit is', () => {
    const flips = fc
      .uint8Array({ minLength: 1 })
      .chain((bytes) => fc.tuple(fc.constant(bytes), fc.nat(bytes.length - 1), fc.nat(7)))
    fc.assert(
      fc.property(flips, ([bytes, at, bit]) => {
        const other = bytes.slice()
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        expect(timingSafeEqual(bytes, other)).toBe(false)
      }),
      seeded,
    )
  })

  test('finds a beginning different from the whole', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    expect(timingSafeEqual(bytes, bytes.subarray(0, 2))).toBe(false)
    expect(timingSafeEqual(bytes.subarray(0, 2), bytes)).toBe(false)
    expect(timingSafeEqual(bytes, new Uint8Array())).toBe(false)
  })
})

describe('base64', () => {
  test('is the standard one, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
      seeded,
    )
  })

  test('has no bounds that a picture reaches', () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index * 7)
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
    expect(fromBase64(toBase64(bytes))).toEqual(bytes)
  })

  test.each(['a', 'ab=c', '****', 'AA-_', 'AAA€'])('is null for "%s"', (text) => {
    expect(fromBase64(text)).toBeNull()
  })
})
