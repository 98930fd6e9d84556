import { afterEach, describe, expect, test, vi } from 'vitest'
import { fromFloats, toFloats } from './floats.ts'
import { bytesOf, InvalidTensorError, readTensorLike } from './tensor.ts'

afterEach(() => vi.unstubAllGlobals())

const VALUES = [0, 1, -2.5, 1024]

describe('a tensor', () => {
  test.each(['float32', 'float16', 'bfloat16'] as const)(
    'of %s has the numbers that it was made of',
    (dtype) => {
      const tensor = fromFloats(VALUES, [2, 2], dtype)
      expect([...toFloats(tensor)]).toEqual(VALUES)
      expect(tensor).toMatchObject({ shape: [2, 2], dtype })
    },
  )

  test('of uint8 has whole numbers, cut off where there are no more', () => {
    expect([...fromFloats([-1, 0.4, 254.6, 999], [4], 'uint8').data]).toEqual([0, 0, 255, 255])
  })

  test('has the bits of a float16 where the platform has no such numbers', () => {
    const native = fromFloats(VALUES, [4], 'float16')
    vi.stubGlobal('Float16Array', undefined)
    const tensor = fromFloats(VALUES, [4], 'float16')
    expect(tensor.data).toBeInstanceOf(Uint16Array)
    expect(bytesOf(tensor.data)).toEqual(bytesOf(native.data))
    expect([...toFloats(tensor)]).toEqual(VALUES)
  })

  test.each([
    [new Float32Array(2), 'float32'],
    [new Float16Array(2), 'float16'],
    [new Uint8Array(2), 'uint8'],
  ])('says its dtype by its data: %o', (data, dtype) => {
    expect(readTensorLike({ shape: [2], data }).dtype).toBe(dtype)
  })

  test('may be bytes of any kind that begin anywhere', () => {
    const bytes = new Uint8Array([9, 0, 0, 128, 63, 9])
    const data = new DataView(bytes.buffer, 1, 4)
    expect([...toFloats({ shape: [1], dtype: 'float32', data })]).toEqual([1])
    expect([...toFloats({ shape: [1], dtype: 'float32', data: bytes.slice(1, 5).buffer })]).toEqual([1])
  })

  test('is not copied', () => {
    const data = new Float32Array(4)
    expect(readTensorLike({ shape: [4], data }).data.buffer).toBe(data.buffer)
  })

  test('that is turned into numbers keeps its own', () => {
    const data = new Float32Array([1])
    toFloats({ shape: [1], data })[0] = 9
    expect(data[0]).toBe(1)
  })

  test.each([
    ['another shape', { shape: [1, 4], data: new Float32Array(3) }, '16 bytes for [1,4] of float32, not 12'],
    ['half a number', { shape: [1], dtype: 'float32', data: new Uint8Array(3) }, 'not 3'],
    ['no shape', { shape: [], data: new Float32Array(1) }, 'a shape of whole numbers'],
    ['a shape of nothing', { shape: [0], data: new Float32Array(0) }, 'a shape of whole numbers'],
    ['bits that could be two kinds', { shape: [2], data: new Uint16Array(2) }, 'a dtype beside data'],
  ] as const)('with %s is refused', (_, like, says) => {
    expect(() => readTensorLike(like)).toThrow(InvalidTensorError)
    expect(() => readTensorLike(like)).toThrow(says)
  })
})
