import { expect, test } from 'vitest'
import { monthAt } from './month.ts'

const at = (text: string): number => Date.parse(`${text}Z`)
const USED = { start: at('2027-02-01T00:00'), pixels: 7 }

test.each([
  ['the same month', '2027-02-28T23:59', USED],
  [
    'the next month, which begins with nothing',
    '2027-03-01T00:00',
    { start: at('2027-03-01T00:00'), pixels: 0 },
  ],
  ['FA7: the month before by an hour, when the clock was set back', '2027-01-31T23:00', USED],
  [
    'FA7: years before, when the clock was quite wrong: what was used counts now, and not for years',
    '2024-05-10T12:00',
    { start: at('2024-05-01T00:00'), pixels: 7 },
  ],
])('a month in %s', (_, now, month) => {
  expect(monthAt(USED, at(now))).toEqual(month)
})
