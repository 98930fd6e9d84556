import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { isAnswerDtype, itemBytes, LATENT_DTYPES, tensorBytes } from './dtype.ts'
import { readFloats, writeFloats } from './tensor.ts'

describe('writeFloats', () => {
  test.each(['float16', 'bfloat16'] as const)('gives back every %s that was read', (dtype) => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index)
    const isNan = (half: number): boolean => Number.isNaN(readFloats(Uint16Array.of(half).buffer, dtype)[0])
    const written = new Uint16Array(writeFloats(readFloats(bits.slice().buffer, dtype), dtype))
    expect([...written].filter((half, index) => half !== bits[index] && !isNan(half))).toEqual([])
    expect([...bits].filter(isNan).filter((half) => !isNan(written[half] ?? 0))).toEqual([])
  })

  test.each([
    [1.00390625, 1, 'halfway, to the even one below'],
    [1.01171875, 1.015625, 'halfway, to the even one above'],
    [1.004, 1.0078125, 'up'],
    [-1.003, -1, 'down'],
    [3.4e38, Number.POSITIVE_INFINITY, 'over the largest'],
  ])('rounds %d to the bfloat16 %d: %s', (value, rounded) => {
    const bytes = writeFloats(Float32Array.of(value), 'bfloat16')
    expect(readFloats(bytes, 'bfloat16')).toEqual(Float32Array.of(rounded))
  })

  test('gives float32 as it is', () => {
    const values = Float32Array.of(0.1, -2, Number.NaN)
    expect(new Float32Array(writeFloats(values.slice(), 'float32'))).toEqual(values)
  })
})

describe('readFloats', () => {
  test('reads float32 bit by bit', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 20 }), (values) => {
        expect(readFloats(values.slice().buffer, 'float32')).toEqual(values)
      }),
      seeded,
    )
  })

  test('reads every float16 there is as the number it is', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)
    const view = new DataView(halves.buffer)
    const expected = Float32Array.from(halves, (_, i) => view.getFloat16(i * 2, true))
    expect(readFloats(halves.buffer, 'float16')).toEqual(expected)
  })

  test('reads every bfloat16 there is as the upper half of a float32', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)
    const word = new DataView(new ArrayBuffer(4))
    const expected = Float32Array.from(halves, (bits) => {
      word.setUint16(0, bits)
      return word.getFloat32(0)
    })
    expect(readFloats(halves.buffer, 'bfloat16')).toEqual(expected)
  })

  test.each([
    ['float16', [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x7c], [1, -2, Number.POSITIVE_INFINITY]],
    ['bfloat16', [0x80, 0x3f, 0x00, 0xc0, 0x80, 0x7f], [1, -2, Number.POSITIVE_INFINITY]],
    ['float32', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
  ] as const)('reads little-endian %s', (dtype, bytes, values) => {
    expect([...readFloats(Uint8Array.from(bytes).buffer, dtype)]).toEqual(values)
  })

  test.each(LATENT_DTYPES)('reads as many %s as fit into the bytes', (dtype) => {
    expect(readFloats(new ArrayBuffer(24), dtype)).toHaveLength(24 / itemBytes(dtype))
    expect(readFloats(new ArrayBuffer(0), dtype)).toHaveLength(0)
  })
})

describe('tensorBytes', () => {
  test.each([
    [[1, 4, 64, 64], 'float16', 32_768],
    [[1, 4, 128, 128], 'float32', 262_144],
    [[1, 4096, 64], 'bfloat16', 524_288],
    [[1, 1024, 1024, 3], 'uint8', 3_145_728],
  ] as const)('%j as %s takes %i bytes', (shape, dtype, bytes) => {
    expect(tensorBytes(shape, dtype)).toBe(bytes)
  })

  test('C16: of the greatest sizes is a number that every limit refuses', () => {
    const bytes = tensorBytes([99_999, 99_999, 99_999, 99_999, 99_999], 'float32')
    expect(Number.isFinite(bytes) && bytes > Number.MAX_SAFE_INTEGER).toBe(true)
  })
})

test('knows the dtypes of answers and nothing that objects have by birth', () => {
  expect(['float16', 'bfloat16', 'float32', 'uint8'].every(isAnswerDtype)).toBe(true)
  expect(['', 'int8', 'Float16', 'toString', '__proto__', 'constructor'].some(isAnswerDtype)).toBe(false)
})
