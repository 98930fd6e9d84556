import { expect, test } from 'vitest'
import { amount, duration, percent } from './format.ts'

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [7_200_000, '2 h'],
  [259_200_000, '3 days'],
])('%d ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('small amounts have two figures, large ones none behind the point', () => {
  expect([0, 0.253, 3.44, 9.96, 1234.5].map(amount)).toEqual(['0', '0.25', '3.4', '10', '1,235'])
})

test('only what has no exception is 100 %', () => {
  expect([1, 0.99999, 0.5].map(percent)).toEqual(['100 %', '99.9 %', '50 %'])
})
