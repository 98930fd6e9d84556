import { expect, test } from 'vitest'
import { meanMs, type Scenario } from '../../scenario.ts'
import { SCENARIOS } from '../../scenarios.ts'
import { shippedPolicy } from '../policies/shipped.ts'
import { compare } from './compare.ts'
import { count, type FieldFigures, figuresApart } from './figures.ts'
import { runField } from './run.ts'

const size = { width: 512, height: 512, frames: 1 }
const outcome = (sentAt: number, endedAt: number, why: string | null = null) => ({
  sentAt,
  endedAt,
  size,
  why,
})

const FIGURES: FieldFigures = {
  served: 100,
  failed: 0,
  failures: {},
  perSecond: 40,
  p50Ms: 100,
  p99Ms: 1_000,
  imageP99Ms: 1_000,
}

test('counts what ends in the time of the turn for the rate, and all that was sent for latencies', () => {
  const outcomes = [outcome(0, 100), outcome(0, 900), outcome(900, 1_500), outcome(0, 10, 'no-capacity')]
  const figures = count({ outcomes, forMs: 1_000 })
  expect(figures).toMatchObject({ served: 3, failed: 1, failures: { 'no-capacity': 1 } })
  expect([figures.perSecond, figures.p50Ms, figures.p99Ms]).toEqual([2, 600, 900])
})

test('a turn of so many requests lasts until its last answer', () => {
  const figures = count({ outcomes: [outcome(0, 100), outcome(0, 400)], forMs: Number.POSITIVE_INFINITY })
  expect(figures.perSecond).toBe(5)
})

test('field and simulator may be 15 % apart, and by what a machine takes of each request', () => {
  const apart = (changes: Partial<FieldFigures>, clients = 100) =>
    figuresApart(FIGURES, { ...FIGURES, ...changes }, clients)
  expect(apart({ perSecond: 46 })).toEqual([])
  expect(apart({ perSecond: 48 })).toEqual(['perSecond'])
  expect(apart({ perSecond: 30 }, 1)).toEqual([])
  expect(apart({ perSecond: 20 }, 1)).toEqual(['perSecond'])
  expect(apart({ p50Ms: 130, p99Ms: 1_200 })).toEqual(['p50Ms', 'p99Ms'])
  expect(apart({ p50Ms: 91 })).toEqual([])
})

test('two that both serve nothing agree, whichever way nothing is written', () => {
  const nothing = { perSecond: 0, p50Ms: 0, p99Ms: 0 }
  expect(figuresApart({ ...FIGURES, ...nothing }, { perSecond: 0, p50Ms: null, p99Ms: null }, 1)).toEqual([])
})

test('only what both have is compared, and not what the cores of a machine decide', () => {
  const names = SCENARIOS.map(({ name }) => name)
  const known = 'A1 30/1000 ms by 8'
  const fast = 'A1 5/100 ms by 1'
  expect(names).toEqual(expect.arrayContaining([known, fast]))
  const simulated = new Map([known, fast, 'here'].map((name) => [name, FIGURES]))
  const measured = [known, fast, 'there'].map((name) => ({ name, counted: { gateway: FIGURES } }))
  expect(compare(simulated, measured)).toMatchObject([{ promise: known, isKept: true }])
})

/** With a decode at the door of each backend whenever it is done with another. */
const capacityOf = ({ backends, mix }: Scenario): number =>
  backends.reduce((sum, own) => sum + (1_000 * own.slots) / meanMs(own, mix), 0)

test.each(SCENARIOS.filter(({ quick }) => quick).map((scenario) => [scenario.name, scenario] as const))(
  'repeats itself, and does no more than the backends can: %s',
  async (_, scenario) => {
    const figures = await runField(scenario, shippedPolicy(), 1)
    expect(await runField(scenario, shippedPolicy(), 1)).toEqual(figures)
    if (scenario.arrivals.kind === 'closed')
      expect(figures.perSecond).toBeLessThan(1.05 * capacityOf(scenario))
  },
  60_000,
)
