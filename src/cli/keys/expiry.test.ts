import { describe, expect, test } from 'vitest'
import { parseExpiry } from './expiry.ts'

const NOW = Date.parse('2026-11-24T23:59:59Z')
const TODAY = 20_781

describe('parseExpiry', () => {
  test.each([
    ['1d', TODAY + 1],
    ['90d', TODAY + 90],
    ['2026-11-24', TODAY],
    ['2026-11-25', TODAY + 1],
    ['2028-02-29', 21_243],
    ['2149-06-06', 65_535],
    ['44754d', 65_535],
  ])('P22: reads %s as a last day', (text, day) => {
    expect(parseExpiry(text, NOW)).toBe(day)
  })

  test.each([
    ['no days', '0d'],
    ['days without a unit', '90'],
    ['another unit', '3m'],
    ['days in the past', '-1d'],
    ['half a day', '1.5d'],
    ['yesterday', '2026-11-23'],
    ['more days than a key can hold', '44755d'],
    ['a date after the last one of a key', '2149-06-07'],
    ['a day that a month does not have', '2027-02-29'],
    ['a day that no month has', '2027-01-32'],
    ['a month that there is not', '2027-13-01'],
    ['a time', '2027-01-31T00:00:00Z'],
    ['a date the other way round', '31-01-2027'],
    ['a date of one digit', '2027-1-31'],
    ['a word', 'tomorrow'],
    ['nothing', ''],
  ])('P22: refuses %s', (_, text) => {
    expect(() => parseExpiry(text, NOW)).toThrow('Expected a number of days such as 90d, or a date to come')
  })
})
