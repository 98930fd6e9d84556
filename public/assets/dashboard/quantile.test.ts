import { expect, test } from 'vitest'
import type { Family } from '../../../src/telemetry/exposition.ts'
import { advance, Increase, NOTHING_COUNTED } from './counters.ts'
import { quantile } from './quantile.ts'

const NAME = 'vae_gateway_request_duration_seconds'

const observed = (...rows: readonly (readonly [model: string, le: string, below: number])[]): Family[] => [
  {
    name: NAME,
    type: 'histogram',
    help: '',
    samples: rows.map(([model, le, value]) => ({
      name: `${NAME}_bucket`,
      labels: { pool: 'one', model, le },
      value,
    })),
  },
]
const NONE = observed(['sdxl', '1', 0], ['sdxl', '2', 0], ['sdxl', '+Inf', 0])
const increaseTo = (families: Family[]): Increase => {
  const start = advance(NOTHING_COUNTED, NONE)
  return new Increase(start, advance(start, families), 1)
}

test('a quantile lies where its share of the observations is reached', () => {
  const increase = increaseTo(observed(['sdxl', '1', 5], ['sdxl', '2', 10], ['sdxl', '+Inf', 10]))
  expect(quantile(increase, NAME, 0.5)).toBe(1)
  expect(quantile(increase, NAME, 0.75)).toBe(1.5)
  expect(quantile(increase, NAME, 0.25)).toBe(0.5)
})

test('series are taken together', () => {
  const increase = increaseTo(
    observed(
      ['sdxl', '1', 4],
      ['sdxl', '2', 4],
      ['sdxl', '+Inf', 4],
      ['flux', '1', 0],
      ['flux', '2', 4],
      ['flux', '+Inf', 4],
    ),
  )
  expect(quantile(increase, NAME, 0.75)).toBe(1.5)
  expect(quantile(increase, NAME, 0.75, { model: 'sdxl' })).toBe(0.75)
})

test('beyond all bounds it is the last of them', () => {
  const increase = increaseTo(observed(['sdxl', '1', 0], ['sdxl', '2', 0], ['sdxl', '+Inf', 3]))
  expect(quantile(increase, NAME, 0.5)).toBe(2)
})

test('of nothing there is none', () => {
  expect(quantile(increaseTo(NONE), NAME, 0.5)).toBeNull()
})
