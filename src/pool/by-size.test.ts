import { expect, test } from 'vitest'
import { bySize, groupsOf } from './by-size.ts'
import type { Job } from './state.ts'

const job = (model: string, predictedMs: number, deadlineAt = 1_000): Job => ({
  ticket: `${model} ${predictedMs} ${deadlineAt}`,
  key: 'k',
  model,
  predictedMs,
  enqueuedAt: 0,
  deadlineAt,
  exclude: [],
  failures: [],
  purpose: 'first',
})

test('a thing is worked out once for each model and size, be it nothing', () => {
  const asked: string[] = []
  const workOf = bySize(({ model, predictedMs }) => {
    asked.push(`${model} ${predictedMs}`)
    return 0
  })
  for (const [model, ms] of [
    ['a', 1],
    ['a', 2],
    ['b', 1],
    ['a', 1],
    ['b', 1],
  ] as const)
    workOf(job(model, ms))
  expect(asked).toEqual(['a 1', 'a 2', 'b 1'])
})

test('jobs of a size are counted together, with the first of their deadlines', () => {
  const jobs = [job('a', 1, 900), job('b', 1, 500), job('a', 1, 700), job('a', 2, 800)]
  expect(groupsOf(jobs)).toEqual([
    { model: 'a', predictedMs: 1, count: 2, firstDeadlineAt: 700 },
    { model: 'b', predictedMs: 1, count: 1, firstDeadlineAt: 500 },
    { model: 'a', predictedMs: 2, count: 1, firstDeadlineAt: 800 },
  ])
  expect(groupsOf([])).toEqual([])
})
