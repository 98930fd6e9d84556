import { describe, expect, it } from 'vitest'
import { fixed } from './curves.ts'
import { type FieldBackend, idealRate, lingerMs, pick, square } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const backend = (ms: number, changes: Partial<FieldBackend> = {}): FieldBackend => ({
  curve: fixed(ms),
  slots: 1,
  saysComputeMs: false,
  networkMs: 0,
  ...changes,
})
const ideal = (clients: number, ...backends: FieldBackend[]): number =>
  idealRate({ backends, clients, mix: [square(512)], arrivals: { kind: 'closed' } })

describe('the ideal rate', () => {
  it('is what the fastest gives a few clients', () => {
    expect(ideal(1, backend(25), backend(700))).toBe(40)
    expect(ideal(1, backend(12), backend(90))).toBeCloseTo(83.3, 1)
  })

  it('is what all backends do together for many clients', () => {
    expect(ideal(12, backend(40), backend(40), backend(400), backend(400))).toBe(55)
    expect(ideal(100, backend(100, { slots: 4 }))).toBe(40)
  })

  it('counts the way there and back', () => {
    expect(ideal(1, backend(60, { networkMs: 20 }))).toBe(10)
  })

  it('is no more than what is asked for', () => {
    const mix = [square(512)]
    expect(
      idealRate({ backends: [backend(10)], clients: 1, mix, arrivals: { kind: 'open', perSecond: 7 } }),
    ).toBe(7)
  })
})

describe('scenarios', () => {
  it('have names of their own', () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length)
  })

  it('end, and expect something', () => {
    const endless = SCENARIOS.filter(
      ({ decodes, seconds, arrivals, expectations }) =>
        (decodes === undefined && seconds === undefined && arrivals.kind !== 'at once') ||
        expectations.length === 0,
    )
    expect(endless).toEqual([])
  })
})

it('sizes of a mix come as often as their weights say', () => {
  const mix = [square(256, 3), square(512, 1)]
  const sides = [0, 0.5, 0.74, 0.76, 0.99].map((luck) => pick(mix, luck).width)
  expect(sides).toEqual([256, 256, 256, 512, 512])
})

it('the end of a turn is as late as a queue of all clients and the slowest first decode ask for', () => {
  const [some] = SCENARIOS
  if (!some) throw new Error('There are no scenarios.')
  const backends = [backend(100), backend(5_000)]
  const own = { ...some, backends, clients: 51, mix: [square(512)] }
  expect(idealRate(own)).toBe(10.2)
  expect(lingerMs(own)).toBe(1.5 * (5_000 + 5_000))
})
