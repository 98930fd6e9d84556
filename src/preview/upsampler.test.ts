import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { Upsampler } from './upsampler.ts'

const upsampler = (
  width: number,
  height: number,
  scale: number,
  at: (x: number, y: number) => number,
): Upsampler => {
  const plane = Float32Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)))
  return new Upsampler(
    { width, height, planes: [plane, plane.map((value) => -value), new Float32Array(plane.length)] },
    scale,
  )
}
const rowsOf = (picture: Upsampler, colour = 0): number[][] =>
  Array.from({ length: picture.height }, (_, y) => {
    const row = new Float32Array(picture.width)
    picture.readRow(colour, y, row)
    return [...row]
  })

const sizes = fc.record({
  width: fc.integer({ min: 1, max: 6 }),
  height: fc.integer({ min: 1, max: 6 }),
  scale: fc.constantFrom(1, 4, 8, 16, 32),
})
const value = fc.double({ min: -1, max: 1, noNaN: true })

describe('an enlarged picture', () => {
  test('is as large as it should be, of one element too', () => {
    fc.assert(
      fc.property(sizes, ({ width, height, scale }) => {
        const picture = upsampler(width, height, scale, () => 0)
        expect([picture.width, picture.height]).toEqual([width * scale, height * scale])
      }),
      seeded,
    )
  })

  test('is of one colour where the latent is: weights sum to 1, at the edges too', () => {
    fc.assert(
      fc.property(sizes, value, ({ width, height, scale }, colour) => {
        const deviations = rowsOf(upsampler(width, height, scale, () => colour))
          .flat()
          .map((element) => Math.abs(element - colour))
        expect(deviations.reduce((worst, deviation) => Math.max(worst, deviation))).toBeLessThan(1e-5)
      }),
      seeded,
    )
  })

  test('never leaves the range of the latent’s neighbouring elements', () => {
    const planes = fc.array(value, { minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(planes, (elements) => {
        const [low, high] = [Math.min(...elements), Math.max(...elements)]
        const pixels = rowsOf(upsampler(4, 4, 8, (x, y) => elements[y * 4 + x] ?? 0)).flat()
        expect(Math.min(...pixels)).toBeGreaterThanOrEqual(low - 1e-6)
        expect(Math.max(...pixels)).toBeLessThanOrEqual(high + 1e-6)
      }),
      seeded,
    )
  })

  test('keeps a slope straight, away from the edges, with centres in place', () => {
    const rows = rowsOf(upsampler(6, 6, 8, (x, y) => (x + 2 * y) / 20))
    for (const y of [8, 19, 20, 39]) {
      for (const x of [8, 12, 33, 39]) {
        const [u, v] = [(x + 0.5) / 8 - 0.5, (y + 0.5) / 8 - 0.5]
        expect(rows[y]?.[x]).toBeCloseTo((u + 2 * v) / 20, 5)
      }
    }
  })

  test('is smooth: no step between two pixels is as large as that between two elements', () => {
    const [row = []] = rowsOf(upsampler(2, 1, 8, (x) => (x === 0 ? -1 : 1)))
    const steps = row.slice(1).map((pixel, i) => pixel - (row[i] ?? 0))
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...steps)).toBeLessThan(0.3)
  })

  test('is the same turned upside down and mirrored', () => {
    const at = (x: number, y: number): number => Math.sin(x * 3 + y * 5)
    const rows = rowsOf(upsampler(3, 4, 8, at))
    const turned = rowsOf(upsampler(3, 4, 8, (x, y) => at(2 - x, 3 - y)))
    const flat = turned.reverse().flatMap((row) => row.reverse())
    expect(rows.flat().every((element, i) => Math.abs(element - (flat[i] ?? 9)) < 1e-6)).toBe(true)
  })

  test('is clamped to -1..1', () => {
    expect(rowsOf(upsampler(2, 2, 4, (x) => (x === 0 ? -7 : 7))).flat()).toEqual(
      expect.arrayContaining([-1, 1]),
    )
    expect(Math.max(...rowsOf(upsampler(1, 1, 4, () => 7)).flat())).toBe(1)
  })

  test('keeps its colours apart, of which there are three', () => {
    const picture = upsampler(2, 2, 4, () => 0.5)
    expect([0, 1, 2].map((colour) => rowsOf(picture, colour)[0]?.[0])).toEqual([0.5, -0.5, 0])
    expect(() => picture.readRow(3, 0, new Float32Array(8))).toThrow(RangeError)
  })
})
