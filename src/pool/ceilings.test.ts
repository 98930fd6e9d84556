import { expect, test } from 'vitest'
import { backend, job, lease, START } from '../../test/support/pool.ts'
import { lowerCeiling, raiseCeiling } from './ceilings.ts'
import { isTooLarge } from './selection.ts'

const MINUTE = 60_000
const outOfMemory = { kind: 'out-of-memory', model: 'sdxl', predictedMs: 1_000 } as const

test('B12: a backend that ran out of memory gets jobs of the model up to 0.8 of that cost, for ten minutes', () => {
  const lowered = lowerCeiling(backend('a'), outOfMemory, START)
  const fits = (predictedMs: number, now: number): boolean =>
    !isTooLarge(lowered, job('t', { predictedMs }), now)
  expect([fits(800, START), fits(801, START), fits(1_000, START)]).toEqual([true, false, false])
  expect([fits(1_000, START + 10 * MINUTE - 1), fits(1_000, START + 10 * MINUTE)]).toEqual([false, true])
  expect(isTooLarge(lowered, job('t', { model: 'flux', predictedMs: 9_000 }), START)).toBe(false)
})

test('the latest ceiling of a model is the one that holds, and those that are over are forgotten', () => {
  const lowered = lowerCeiling(backend('a'), outOfMemory, START)
  const again = lowerCeiling(lowered, { ...outOfMemory, predictedMs: 500 }, START + MINUTE)
  expect(again.ceilings).toEqual([{ model: 'sdxl', predictedMs: 400, until: START + 11 * MINUTE, times: 0 }])
  const other = lowerCeiling(again, { ...outOfMemory, model: 'flux' }, START + 2 * MINUTE)
  expect(other.ceilings.map(({ model }) => model)).toEqual(['sdxl', 'flux'])
  const late = lowerCeiling(other, { ...outOfMemory, model: 'flux' }, START + 20 * MINUTE)
  expect(late.ceilings.map(({ model }) => model)).toEqual(['flux'])
})

test('B12: running out of memory is no failure of the backend', () => {
  const before = backend('a')
  const { record, health } = lowerCeiling(before, outOfMemory, START)
  expect([record, health]).toEqual([before.record, before.health])
})

test('B12: what a backend has decoded before it is asked for again soon, and later with each time it fails', () => {
  const decoded = (predictedMs: number) => lease({ model: 'sdxl', predictedMs })
  let known = raiseCeiling(backend('a'), decoded(1_000))
  for (const seconds of [5, 10, 20, 40, 80, 160, 320, 600, 600]) {
    known = lowerCeiling(known, outOfMemory, START)
    expect(known.ceilings[0]?.until).toBe(START + seconds * 1_000)
  }
  expect(raiseCeiling(known, decoded(801)).ceilings).toEqual([])
  expect(raiseCeiling(known, decoded(800))).toBe(known)
  // More than it has ever decoded is another matter.
  expect(lowerCeiling(known, { ...outOfMemory, predictedMs: 1_001 }, START).ceilings[0]?.until).toBe(
    START + 10 * MINUTE,
  )
})

test('B12: a backend that ran out of memory for as little as there is gets work again soon', () => {
  const smallest = { ...outOfMemory, predictedMs: 60 }
  let known = lowerCeiling(backend('a'), smallest, START)
  expect(isTooLarge(known, job('t', { predictedMs: 60 }), START)).toBe(true)
  expect(isTooLarge(known, job('t', { predictedMs: 60 }), START + 5_000)).toBe(false)
  for (const seconds of [10, 20, 40, 80, 160, 320, 600, 600]) {
    known = lowerCeiling(known, smallest, START)
    expect(known.ceilings[0]?.until).toBe(START + seconds * 1_000)
  }
})
