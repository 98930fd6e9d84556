import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { base62Length, decodeBase62, encodeBase62 } from './base62.ts'

const bytesOf = (maxLength = 40) => fc.uint8Array({ maxLength })

describe('encodeBase62', () => {
  test.each([
    [[], ''],
    [[0], '00'],
    [[61], '0z'],
    [[62], '10'],
    [[255], '47'],
    [[1, 0], '048'],
    [[0, 0, 0], '00000'],
  ])('writes %j as "%s"', (bytes, text) => {
    expect(encodeBase62(Uint8Array.from(bytes))).toBe(text)
  })

  test('writes as many characters for zeros as for any other bytes', () => {
    fc.assert(
      fc.property(bytesOf(), (bytes) => {
        expect(encodeBase62(bytes)).toHaveLength(base62Length(bytes.length))
      }),
      seeded,
    )
  })

  test('keeps the order of the bytes: greater bytes give greater text', () => {
    const sameLength = fc
      .nat(30)
      .chain((length) =>
        fc.tuple(
          fc.uint8Array({ minLength: length, maxLength: length }),
          fc.uint8Array({ minLength: length, maxLength: length }),
        ),
      )
    fc.assert(
      fc.property(sameLength, ([a, b]) => {
        const [left, right] = [encodeBase62(a), encodeBase62(b)]
        expect(Math.sign(Buffer.compare(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
      }),
      seeded,
    )
  })
})

describe('base62Length', () => {
  test('is the least number of characters that can tell all bytes of a length apart', () => {
    for (let byteLength = 1; byteLength <= 64; byteLength++) {
      const chars = BigInt(base62Length(byteLength))
      const values = 256n ** BigInt(byteLength)
      expect(62n ** chars >= values).toBe(true)
      expect(62n ** (chars - 1n) < values).toBe(true)
    }
  })
})

describe('decodeBase62', () => {
  test('gives back what was encoded', () => {
    fc.assert(
      fc.property(bytesOf(), (bytes) => {
        expect(decodeBase62(encodeBase62(bytes), bytes.length)).toEqual(bytes)
      }),
      seeded,
    )
  })

  test('gives back text that it accepts, so that no two texts mean the same bytes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0Zaz59'), minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(text, (text) => {
        const bytes = decodeBase62(text, 3)
        if (bytes) expect(encodeBase62(bytes)).toBe(text)
      }),
      seeded,
    )
  })

  test.each(['4-', '4_', '4 ', '4+', '4/', '4=', '4é', '4\u0000', '٤7'])(
    'refuses the foreign character in "%s"',
    (text) => {
      expect(decodeBase62(text, 1)).toBeNull()
    },
  )

  test.each(['', '7', '047', '00000000047'])('refuses "%s", which is not as long as one byte', (text) => {
    expect(decodeBase62(text, 1)).toBeNull()
  })

  test.each([
    ['47', '48', 1],
    ['H31', 'H32', 2],
    ['7n42DGM5Tflk9n8mt7Fhc7', '7n42DGM5Tflk9n8mt7Fhc8', 16],
  ])(
    'takes %s, the greatest number, and refuses the overflow %s in %i bytes',
    (greatest, overflow, length) => {
      expect(decodeBase62(greatest, length)).toEqual(new Uint8Array(length).fill(255))
      expect(decodeBase62(overflow, length)).toBeNull()
      expect(decodeBase62('z'.repeat(greatest.length), length)).toBeNull()
    },
  )
})
