import { describe, expect, test } from 'vitest'
import { costOf, PRICES } from './cost.ts'
import { judge } from './floors.ts'
import { type Measured, quantile } from './measure.ts'
import { figure, type Round, summarize } from './summary.ts'

const measured = (changes: Partial<Measured> = {}): Measured => ({
  requests: 100,
  requestsPerSecond: 1_000,
  p50Ms: 2,
  p99Ms: 5,
  cpuMsPerRequest: 0.5,
  peakBytes: 100e6,
  refused: 0,
  broken: 0,
  loadCpuMsPerRequest: 0.1,
  ...changes,
})

/** A round in which the machine has a mood: everybody is slower by the factor. */
const round = (mood: number, gateway: Partial<Measured> = {}): Round => ({
  cell: '32k/60k',
  clients: 8,
  measured: {
    'pass-through': measured({ requestsPerSecond: 1_000 / mood, cpuMsPerRequest: 0.5 * mood }),
    gateway: measured({
      requestsPerSecond: 600 / mood,
      cpuMsPerRequest: 1 * mood,
      p50Ms: 2.5,
      p99Ms: 8,
      ...gateway,
    }),
  },
})

test('a figure is the median with the least and the most, and nothing is no number', () => {
  expect(figure([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
  expect(figure([])).toEqual({ median: Number.NaN, least: Number.NaN, most: Number.NaN })
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4)
})

describe('a summary', () => {
  test('has ratios to the pass-through of the same round, so that moods of the machine cancel', () => {
    const lines = summarize([round(1), round(3), round(10)])
    expect(lines.map(({ contender }) => contender)).toEqual(['pass-through', 'gateway'])
    const [baseline, gateway] = lines
    expect(baseline?.ratio.requestsPerSecond).toEqual({ median: 1, least: 1, most: 1 })
    expect(gateway?.requestsPerSecond).toEqual({ median: 200, least: 60, most: 600 })
    expect(gateway?.ratio.requestsPerSecond.least).toBeCloseTo(0.6)
    expect(gateway?.ratio.requestsPerSecond.most).toBeCloseTo(0.6)
    expect(gateway?.ratio.cpuMsPerRequest.median).toBe(2)
    expect(gateway?.ratio.addedP50Ms.median).toBe(0.5)
    expect(gateway?.ratio.addedP99Ms.median).toBe(3)
  })

  test('adds up what was refused and what broke, and keeps points apart', () => {
    const other = { ...round(1), clients: 64 }
    const lines = summarize([round(1, { refused: 2 }), other, round(1, { refused: 3, broken: 1 })])
    expect(lines).toHaveLength(4)
    expect(lines[1]).toMatchObject({ clients: 8, contender: 'gateway', requests: 200, refused: 5, broken: 1 })
    expect(lines[3]).toMatchObject({ clients: 64, refused: 0, broken: 0 })
  })
})

describe('the floors', () => {
  const memory = (gateway: number) => ({
    'pass-through': measured(),
    'buffering pass-through': measured({ peakBytes: 400e6 }),
    gateway: measured({ peakBytes: gateway, refused: 7 }),
  })
  const valuesOf = (rounds: readonly Round[], peakBytes: number) =>
    judge(summarize(rounds), memory(peakBytes)).map(({ value, isKept }) => [value, isKept])

  test('are kept where the gateway is quick and small, refusals included', () => {
    expect(valuesOf([round(1)], 440e6)).toEqual([
      [0.6, true],
      [2, true],
      [Number.NaN, false],
      [Number.NaN, false],
      [1.1, true],
      [0, true],
    ])
  })

  test('are broken where it is not', () => {
    const slow = round(1, { requestsPerSecond: 400, cpuMsPerRequest: 1.5, broken: 1 })
    const kept = valuesOf([slow], 500e6).map(([, isKept]) => isKept)
    expect(kept).toEqual([false, false, false, false, false, false])
  })
})

test('a million decodes cost what their parts do', () => {
  const counts = { objectCalls: 2, alarms: 0, rowsWritten: 0.01, logLines: 1, logBytes: 400 }
  const parts = costOf(counts, 2)
  const of = (name: string) => parts.find(({ part }) => part === name)?.dollarsPerMillion
  expect(of('requests')).toBe(PRICES.perMillionRequests)
  expect(of('CPU')).toBeCloseTo(2 * PRICES.perMillionCpuMs)
  expect(of('calls of objects')).toBeCloseTo(2 * PRICES.perMillionObjectRequests)
  expect(of('rows written')).toBeCloseTo(0.01 * PRICES.perMillionRowsWritten)
  expect(of('log')).toBeCloseTo(PRICES.perMillionLogEvents)
  const sum = parts.slice(0, -1).reduce((total, { dollarsPerMillion }) => total + dollarsPerMillion, 0)
  expect(of('all')).toBeCloseTo(sum)
})
