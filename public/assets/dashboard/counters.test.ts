import { expect, test } from 'vitest'
import type { Family } from '../../../src/telemetry/exposition.ts'
import { advance, type Counters, Increase, NOTHING_COUNTED } from './counters.ts'

const NAME = 'vae_gateway_requests_total'

const counted = (...rows: readonly (readonly [pool: string, outcome: string, value: number])[]): Family[] => [
  {
    name: NAME,
    type: 'counter',
    help: '',
    samples: rows.map(([pool, outcome, value]) => ({ name: NAME, labels: { pool, outcome }, value })),
  },
]

const follow = (...answers: readonly Family[][]): Counters => answers.reduce(advance, NOTHING_COUNTED)
const added = (...answers: readonly Family[][]): number =>
  new Increase(NOTHING_COUNTED, follow(...answers), 1).total(NAME)

test('what was counted before the page began to watch is not new', () => {
  expect(added(counted(['one', 'served', 500]))).toBe(0)
  expect(added(counted(['one', 'served', 500]), counted(['one', 'served', 507]))).toBe(7)
})

test('a counter that falls began anew, and all of it is new', () => {
  expect(
    added(counted(['one', 'served', 500]), counted(['one', 'served', 3]), counted(['one', 'served', 5])),
  ).toBe(5)
})

test('a series that its pool did not have before is new', () => {
  const before = counted(['one', 'served', 500])
  expect(added(before, counted(['one', 'served', 500], ['one', 'no-backend', 2]))).toBe(2)
})

test('of a pool that is heard for the first time nothing is new', () => {
  const before = counted(['one', 'served', 500])
  expect(added(before, counted(['one', 'served', 500], ['two', 'served', 900]))).toBe(0)
})

test('a pool that was silent for a while goes on where it was', () => {
  const both = counted(['one', 'served', 1], ['two', 'served', 10])
  expect(
    added(both, counted(['one', 'served', 1]), counted(['one', 'served', 1], ['two', 'served', 14])),
  ).toBe(4)
})

test('gauges are no counters', () => {
  const gauge = counted(['one', 'served', 1]).map((family): Family => ({ ...family, type: 'gauge' }))
  expect(follow(gauge).series.size).toBe(0)
})

test('the increase between two moments is told by label', () => {
  const start = follow(counted(['one', 'served', 1], ['two', 'served', 1]))
  const end = advance(start, counted(['one', 'served', 4], ['two', 'served', 6], ['two', 'no-backend', 2]))
  const increase = new Increase(start, end, 10)
  expect(Object.fromEntries(increase.by(NAME, 'outcome'))).toEqual({ served: 8, 'no-backend': 2 })
  expect(increase.total(NAME, { pool: 'two' })).toBe(7)
  expect(increase.total('unheard_of')).toBe(0)
})
