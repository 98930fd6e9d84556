import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { draw, jitter } from './chance.ts'

test('the same seed draws the same', () => {
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('what is drawn is in [0, 1), whatever the seed, and the next seed is an integer', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [value, next] = draw(seed)
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(1)
      expect(Number.isInteger(next)).toBe(true)
      expect(next).not.toBe(seed)
    }),
    seeded,
  )
})

test('draws are spread evenly', () => {
  const tenths = new Array<number>(10).fill(0)
  let seed = 1
  for (let index = 0; index < 10_000; index++) {
    const [value, next] = draw(seed)
    const tenth = Math.floor(value * 10)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
    seed = next
  }
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test('a pause is spread over half to all of its time', () => {
  expect([jitter(1_000, 0), jitter(1_000, 0.5), jitter(1_000, 1)]).toEqual([500, 750, 1_000])
})
