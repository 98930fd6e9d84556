import { expect, test } from 'vitest'
import { jainIndex, maxMinShares } from './fairness.ts'
import { IdleGauge } from './idle-gauge.ts'
import { Sample } from './sample.ts'

test('takes quantiles by nearest rank, in whatever order values came', () => {
  const sample = new Sample()
  for (let i = 3_000; i >= 1; i--) sample.add(i)
  expect([sample.quantile(0.5), sample.quantile(0.99), sample.quantile(1)]).toEqual([1_500, 2_970, 3_000])
  expect(sample.mean).toBe(1_500.5)
  sample.add(10_000)
  expect(sample.quantile(1)).toBe(10_000)
})

test('says 0 of an empty sample', () => {
  expect([new Sample().mean, new Sample().quantile(0.99)]).toEqual([0, 0])
})

test('rates equal shares 1 and one that has everything 1/n', () => {
  expect(jainIndex([2, 2, 2, 2])).toBeCloseTo(1)
  expect(jainIndex([5, 0, 0, 0])).toBeCloseTo(0.25)
})

test('gives small demands all and divides the rest evenly', () => {
  expect(maxMinShares([1, 10, 2, 10], 9)).toEqual([1, 3, 2, 3])
  expect(maxMinShares([1, 2], 10)).toEqual([1, 2])
})

test('counts idle time only while somebody waits', () => {
  const gauge = new IdleGauge()
  gauge.changeIdle(2, 0)
  gauge.changeWaiting(1, 100)
  gauge.changeIdle(-1, 110)
  gauge.changeWaiting(-1, 130)
  gauge.changeIdle(1, 500)
  expect(gauge.idleMs).toBe(2 * 10 + 1 * 20)
  gauge.reset(500)
  expect(gauge.idleMs).toBe(0)
})
