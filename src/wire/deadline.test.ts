import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { parseDeadline } from './deadline.ts'

describe('C30: a deadline', () => {
  test.each([
    ['1000', 1_000],
    ['30000', 30_000],
    ['120001', 120_001],
    ['900000', 900_000],
    ['0', 1_000],
    ['-5', 1_000],
    ['999', 1_000],
    ['900001', 900_000],
    ['1000000000', 900_000],
    ['9'.repeat(400), 900_000],
    ['007000', 7_000],
  ])('of "%s" is %i ms: a request waits a second at least, and fifteen minutes at most', (text, ms) => {
    expect(parseDeadline(text)).toBe(ms)
  })

  test.each([
    '',
    ' ',
    'soon',
    '1e9',
    '1.5',
    '0x10',
    '+5',
    '--5',
    '5s',
    '1_000',
    '١٢٣',
    'NaN',
    'Infinity',
    '5, 6',
  ])('of "%s" is none', (text) => {
    expect(parseDeadline(text)).toBeUndefined()
  })

  test('is within its limits, whatever whole number a client sends', () => {
    fc.assert(
      fc.property(fc.bigInt(), (ms) => {
        const deadline = parseDeadline(String(ms)) ?? Number.NaN
        expect(deadline).toBeGreaterThanOrEqual(1_000)
        expect(deadline).toBeLessThanOrEqual(900_000)
      }),
      seeded,
    )
  })
})
