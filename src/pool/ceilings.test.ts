import { describe, expect, test } from 'vitest'
import { backend, job, lease, START } from '../../test/support/pool.ts'
import { lowerCeiling, raiseCeiling } from './ceilings.ts'
import { isTooLarge } from './selection.ts'
import type { BackendState } from './state.ts'

const SIZE = { model: 'sdxl', predictedMs: 1_000 }
const decoded = (predictedMs: number) => lease({ model: 'sdxl', predictedMs })
const isLarge = (one: BackendState, predictedMs: number, key = 'key', now = START): boolean =>
  isTooLarge(one, job('t', { predictedMs, key }), now)

describe('B12: a backend that ran out of memory', () => {
  test('gets jobs of the model up to 0.8 of that cost, for ten minutes', () => {
    const lowered = lowerCeiling(backend('a'), SIZE, 'key', START)
    expect([800, 801, 1_000].map((ms) => isLarge(lowered, ms))).toEqual([false, true, true])
    expect(isLarge(lowered, 1_000, 'key', START + 599_999)).toBe(true)
    expect(isLarge(lowered, 1_000, 'key', START + 600_000)).toBe(false)
    expect(isTooLarge(lowered, job('t', { model: 'flux', predictedMs: 9_000 }), START)).toBe(false)
  })

  test('is asked again soon for what it has decoded before, later with each time, until it decodes as much', () => {
    let known = raiseCeiling(backend('a'), decoded(1_000))
    let now = START
    for (const seconds of [5, 10, 20, 40, 80, 160, 320, 600, 600]) {
      known = lowerCeiling(known, SIZE, null, now)
      // Requests that were under way together count once.
      expect(lowerCeiling(known, SIZE, null, now + 1)).toBe(known)
      now += seconds * 1_000
      expect(known.ceilings[0]?.until).toBe(now)
    }
    const small = raiseCeiling(known, decoded(800))
    expect(small.ceilings).toEqual(known.ceilings)
    const large = raiseCeiling(known, decoded(801))
    expect(large.ceilings).toEqual([])
    expect(lowerCeiling(large, SIZE, null, START).ceilings[0]?.until).toBe(START + 5_000)
  })

  test('has not failed', () => {
    const before = backend('a')
    const { record, health, tasks } = lowerCeiling(before, SIZE, 'key', START)
    expect([record, health, tasks]).toEqual([before.record, before.health, before.tasks])
  })

  test('keeps what it decoded before: more is too large, as much is not', () => {
    const proven = raiseCeiling(backend('a'), decoded(950))
    const lowered = lowerCeiling(proven, SIZE, 'key', START)
    expect([isLarge(lowered, 950), isLarge(lowered, 951)]).toEqual([false, true])
  })

  test('remembers few of such requests, the latest', () => {
    let known = backend('a')
    for (let index = 0; index < 100; index++) known = lowerCeiling(known, SIZE, `key-${index}`, START)
    expect(known.ceilings).toHaveLength(32)
    expect(isLarge(known, 1_000, 'key-99')).toBe(true)
  })
})

describe('B12: a request that its backends have no memory for', () => {
  test('says nothing about the requests of other keys', () => {
    const lowered = lowerCeiling(backend('a'), SIZE, 'bad', START)
    expect([isLarge(lowered, 1_000, 'bad'), isLarge(lowered, 1_000, 'good')]).toEqual([true, false])
  })

  test('says nothing at all of a size that was decoded before', () => {
    const proven = raiseCeiling(backend('a'), decoded(1_000))
    expect(lowerCeiling(proven, SIZE, 'bad', START)).toBe(proven)
  })

  test('speaks for all keys, and against what was decoded before, once another backend has served it', () => {
    const proven = raiseCeiling(backend('a'), decoded(1_000))
    const lowered = lowerCeiling(proven, SIZE, null, START)
    expect([isLarge(lowered, 1_000, 'good'), isLarge(lowered, 800, 'good')]).toEqual([true, false])
  })
})
