import { expect, test } from 'vitest'
import { luckOf, type RandomStream, streamOf } from './random.ts'

const draws = (stream: RandomStream, count: number): number[] =>
  Array.from({ length: count }, () => stream.uniform())

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

test('gives the same numbers for the same seed and purpose, others for another', () => {
  const first = draws(streamOf(7, 'arrivals'), 20)
  expect(draws(streamOf(7, 'arrivals'), 20)).toEqual(first)
  expect(draws(streamOf(8, 'arrivals'), 20)).not.toEqual(first)
  expect(draws(streamOf(7, 'policy'), 20)).not.toEqual(first)
})

test('draws from one stream without touching another', () => {
  const alone = draws(streamOf(3, 'a'), 5)
  const a = streamOf(3, 'a')
  const b = streamOf(3, 'b')
  const beside = Array.from({ length: 5 }, () => {
    b.uniform()
    return a.uniform()
  })
  expect(beside).toEqual(alone)
})

test('spreads streams of neighbouring seeds evenly over [0, 1)', () => {
  const firsts = Array.from({ length: 4_000 }, (_, seed) => streamOf(seed, 'x').uniform())
  expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...firsts)).toBeLessThan(1)
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = firsts.filter((value) => Math.floor(10 * value) === tenth).length
    expect(Math.abs(count - 400)).toBeLessThan(100)
  }
})

test('draws from the distributions by name', () => {
  const stream = streamOf(5, 'distributions')
  const sample = (draw: () => number): number[] => Array.from({ length: 40_000 }, draw)
  expect(mean(sample(() => stream.exponential(250)))).toBeCloseTo(250, -1)
  const normal = sample(() => stream.normal())
  expect(Math.abs(mean(normal))).toBeLessThan(0.02)
  expect(mean(normal.map((value) => value ** 2))).toBeCloseTo(1, 1)
  const lognormal = sample(() => stream.lognormal(1)).sort((a, b) => a - b)
  expect(lognormal[20_000]).toBeCloseTo(1, 1)
  expect(mean(sample(() => stream.below(5)))).toBeCloseTo(2, 1)
})

test('has the same luck for the same attempt, whenever it is asked for', () => {
  expect(luckOf(1, 2, 3, 4)).toBe(luckOf(1, 2, 3, 4))
  const lucks = new Set<number>()
  for (let request = 0; request < 50; request++) {
    for (let attempt = 1; attempt <= 3; attempt++) {
      for (let backend = 0; backend < 8; backend++) lucks.add(luckOf(1, request, attempt, backend))
    }
  }
  expect(lucks.size).toBe(50 * 3 * 8)
  expect(mean([...lucks])).toBeCloseTo(0.5, 1)
})
