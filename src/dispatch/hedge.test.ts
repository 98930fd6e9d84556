import { describe, expect, test } from 'vitest'
import type { Failure, FailureReason } from './failure.ts'
import { hedgeAfterMs, mayHedge } from './hedge.ts'

const forecast = (expectedMs: number, startsInMs = 0) => ({ expectedMs, startsInMs, isLearnt: true })
const failed = (...reasons: FailureReason[]): Failure[] =>
  reasons.map((reason, i) => ({ reason, backendId: `gpu-${i}` }))

describe('B30: a hedge', () => {
  test.each([
    [0, 0, 1_000],
    [200, 0, 1_200],
    [1_000, 0, 2_000],
    [5_000, 0, 10_000],
    [5_000, 700, 10_700],
  ])('of a decode of %i ms that starts in %i ms comes after %i ms', (expectedMs, startsInMs, ms) => {
    expect(hedgeAfterMs(forecast(expectedMs, startsInMs))).toBe(ms)
  })

  const prospects = { failures: [], hasHedged: false, timeoutMs: 20_000, isLocal: false }

  test('is allowed for a first attempt that the pool granted', () => {
    expect(mayHedge(forecast(200), prospects)).toBe(true)
  })

  test('T20: is allowed once', () => {
    expect(mayHedge(forecast(200), { ...prospects, hasHedged: true })).toBe(false)
  })

  test('T20: is one of three attempts', () => {
    expect(mayHedge(forecast(200), { ...prospects, failures: failed('unreachable') })).toBe(true)
    expect(mayHedge(forecast(200), { ...prospects, failures: failed('unreachable', 'invalid') })).toBe(false)
    expect(mayHedge(forecast(200), { ...prospects, failures: failed('busy', 'cold', 'invalid') })).toBe(true)
  })

  test('P6: is not made while the pool’s object is gone', () => {
    expect(mayHedge(forecast(200), { ...prospects, isLocal: true })).toBe(false)
  })

  test('B5: is not made when the attempt is given up before it could answer', () => {
    expect(mayHedge(forecast(200), { ...prospects, timeoutMs: 1_450 })).toBe(true)
    expect(mayHedge(forecast(200), { ...prospects, timeoutMs: 1_449 })).toBe(false)
  })
})
