import { describe, expect, test } from 'vitest'
import { halfRows, interleavedRows, toByte } from './pixels.ts'
import { atOnce } from './turns.ts'
import { Upsampler } from './upsampler.ts'

/** 2 x 1 pixels: the left one red, the right one at the middle of everything. */
const picture = new Upsampler(
  { width: 2, height: 1, planes: [Float32Array.of(1, 0), Float32Array.of(-1, 0), Float32Array.of(-1, 0)] },
  1,
)
/** Taps of scale 1 blend an element with its neighbours: 1/8, 3/4, 1/8. */
const [LEFT, RIGHT] = [0.875, 0.125]

test.each([
  [-1, 0],
  [1, 255],
  [0, 128],
  [0.5, 191],
  [-0.999, 0],
  [0.999, 255],
])('a value of %f is the byte %i', (value, byte) => {
  expect(toByte(value)).toBe(byte)
})

describe('interleaved bytes', () => {
  const [on, off, dim, dark] = [LEFT, -LEFT, RIGHT, -RIGHT].map(toByte)

  test('are red, green, blue of each pixel', () => {
    expect([...atOnce(interleavedRows(picture, 3, 0, 1))]).toEqual([on, off, off, dim, dark, dark])
  })

  test('have an opaque fourth channel where one is wanted', () => {
    expect([...atOnce(interleavedRows(picture, 4, 0, 1))]).toEqual([on, off, off, 255, dim, dark, dark, 255])
  })
})

describe('halves of a plane', () => {
  test('are in -1..1', () => {
    expect([...atOnce(halfRows(picture, 0, 'signed', 0, 1))]).toEqual([LEFT, RIGHT])
    expect([...atOnce(halfRows(picture, 1, 'signed', 0, 1))]).toEqual([-LEFT, -RIGHT])
  })

  test('are in 0..1 where a processor is to follow', () => {
    expect([...atOnce(halfRows(picture, 0, 'unit', 0, 1))]).toEqual([0.9375, 0.5625])
    expect([...atOnce(halfRows(picture, 2, 'unit', 0, 1))]).toEqual([0.0625, 0.4375])
  })
})
