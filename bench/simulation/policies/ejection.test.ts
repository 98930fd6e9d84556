import { expect, test } from 'vitest'
import { OutlierEjection } from './ejection.ts'

const fail = (ejection: OutlierEjection, backend: number, times: number, now: number): void => {
  for (let i = 0; i < times; i++) ejection.learn(backend, false, now)
}

test('takes a backend out after five failures in a row, for thirty seconds, then for longer', () => {
  const ejection = new OutlierEjection(4)
  fail(ejection, 0, 4, 0)
  ejection.learn(0, true, 0)
  fail(ejection, 0, 4, 0)
  expect(ejection.isOut(0, 0)).toBe(false)
  fail(ejection, 0, 1, 0)
  expect([ejection.isOut(0, 29_999), ejection.isOut(0, 30_000)]).toEqual([true, false])
  fail(ejection, 0, 5, 40_000)
  expect([ejection.isOut(0, 99_999), ejection.isOut(0, 100_000)]).toEqual([true, false])
})

test('never takes out more than half', () => {
  const ejection = new OutlierEjection(4)
  for (const backend of [0, 1, 2, 3]) fail(ejection, backend, 9, 0)
  expect([0, 1, 2, 3].filter((backend) => ejection.isOut(backend, 1))).toEqual([0, 1])
})
