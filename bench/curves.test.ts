import { describe, expect, it } from 'vitest'
import {
  affine,
  fixed,
  gpu,
  hangingFrom,
  noisy,
  slowFirst,
  teraFlop,
  throttled,
  tiled,
  usualMs,
  type Work,
} from './curves.ts'

const WORK: Work = { width: 1000, height: 1000, frames: 1, nthOfShape: 2, upForMs: 0, random: () => 0.5 }
const side = (size: number) => ({ width: size, height: size, frames: 1 })

describe('curves', () => {
  it.each([
    [512, 2.52],
    [1024, 10.47],
    [2048, 48.5],
  ])('cost what was counted for %i pixels a side', (size, tera) => {
    expect(teraFlop(side(size))).toBeCloseTo(tera, 1)
  })

  it('cost what was counted for a video', () => {
    expect(teraFlop({ width: 832, height: 480, frames: 81 })).toBeCloseTo(274, 0)
  })

  it('grow faster than the pixels on a GPU', () => {
    const curve = gpu('H200')
    expect(usualMs(curve, side(2048))).toBeGreaterThan(4.2 * usualMs(curve, side(1024)))
    expect(usualMs(curve, side(1024))).toBeGreaterThan(30)
    expect(usualMs(curve, side(1024))).toBeLessThan(38)
  })

  it('wrap one another', () => {
    const curve = tiled(slowFirst(affine(100, 50)), 1)
    expect(curve.decodeMs({ ...WORK, nthOfShape: 1 })).toBe(3_000)
    expect(curve.decodeMs(WORK)).toBe(300)
    expect(curve.decodeMs({ ...WORK, width: 500 })).toBe(125)
  })

  it('hang from a decode on', () => {
    const curve = hangingFrom(fixed(10), 3)
    expect([1, 2, 3, 4].map((nthOfShape) => curve.decodeMs({ ...WORK, nthOfShape }))).toEqual([
      10,
      10,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('get slower while a backend gets hot', () => {
    const curve = throttled(fixed(100), 3, 1_000, 2_000)
    expect([0, 1_000, 1_500, 9_000].map((upForMs) => curve.decodeMs({ ...WORK, upForMs }))).toEqual([
      100, 100, 200, 300,
    ])
  })

  it('scatter around their median, with a tail that has an end', () => {
    const curve = noisy(fixed(100), 0.3)
    const at = (luck: number): number => curve.decodeMs({ ...WORK, random: () => luck })
    expect(at(0.5)).toBe(100)
    expect(at(0.8413)).toBeCloseTo(100 * Math.exp(0.3 * 0.92), 0)
    expect(at(0)).toBe(at(0.001))
    expect(at(1)).toBe(at(0.999))
  })
})
