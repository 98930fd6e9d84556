import { describe, expect, test } from 'vitest'
import { attemptTimeoutMs, transferTimeoutMs } from './deadline.ts'
import type { DecodeJob } from './job.ts'

const NOW = 1_000_000
const job = (changes: Partial<DecodeJob> = {}): DecodeJob => ({
  model: 'sdxl',
  query: new URLSearchParams(),
  body: new ArrayBuffer(131_072),
  expected: { kind: 'image', mediaType: 'image/png', width: 8, height: 8 },
  maxAnswerBytes: 1_000,
  predictedMs: 200,
  deadlineAt: NOW + 60_000,
  ...changes,
})

describe('the time of an attempt', () => {
  test('is the configured one for a small picture', () => {
    expect(attemptTimeoutMs(job(), 20_000, NOW)).toBe(20_000)
  })

  test('is ten times the prediction for a long decode, and the time its upload takes', () => {
    expect(attemptTimeoutMs(job({ predictedMs: 4_000 }), 20_000, NOW)).toBeCloseTo(40_131, 0)
    expect(attemptTimeoutMs(job({ body: new ArrayBuffer(30_000_000) }), 20_000, NOW)).toBeCloseTo(32_000, 0)
  })

  test('B5: ends with the deadline of the request', () => {
    expect(attemptTimeoutMs(job(), 20_000, NOW + 55_000)).toBe(5_000)
    expect(attemptTimeoutMs(job({ predictedMs: 100_000 }), 20_000, NOW)).toBe(60_000)
  })
})

test('B6: the time of a transfer is a grace and 32 KB a second', () => {
  expect(transferTimeoutMs(0)).toBe(20_000)
  expect(transferTimeoutMs(32_000_000)).toBe(1_020_000)
})
