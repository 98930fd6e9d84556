import { expect, test } from 'vitest'
import { nextPollMs } from './pace.ts'

test('a gateway that answers is asked every two seconds, a slow one less often', () => {
  expect(nextPollMs(0, 40, 0)).toBe(2_000)
  expect(nextPollMs(0, 1_000, 0)).toBe(4_000)
})

test('a gateway that fails is asked less and less, once a minute at least', () => {
  expect([1, 2, 3, 4, 5, 20].map((failures) => nextPollMs(failures, 0, 0))).toEqual([
    4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
  ])
})

test('what the gateway asks for is kept to', () => {
  expect(nextPollMs(1, 0, 10_000)).toBe(10_000)
})
