/** The gate lets good figures pass and stops each bad one. */
import { expect, test } from 'vitest'
import { SCENARIOS } from '../../scenarios.ts'
import type { FieldFigures } from '../field/figures.ts'
import type { Summary } from '../metrics/summary.ts'
import { STANDARD } from '../scenarios/standard.ts'
import type { Results } from './results.ts'
import { CORE, type PolicyName, WITHOUT_HEDGES } from './task.ts'
import { judge } from './verdicts.ts'

const GOOD: Summary = {
  requests: 1_000,
  served: 1_000,
  rejected: 0,
  failed: 0,
  left: 0,
  blameless: 0,
  why: {},
  meanWaitMs: 50,
  waitMs: { p50: 1, p99: 1_000, p999: 2_000 },
  imageWaitP99Ms: 1_000,
  latencyMs: { mean: 500, p50: 100, p99: 9_000, p999: 9_900 },
  goodput: 1,
  rejectionP99Ms: 20,
  late: 0,
  rejectedShares: [0.1, 0.3, 0.4],
  jain: 1,
  light: { refused: 0, waitP99Ms: 1_000 },
  amplification: 1,
  faultyFirstShare: 0,
  idleShare: 0,
}
const POOR: Summary = {
  ...GOOD,
  meanWaitMs: 1_000,
  latencyMs: { ...GOOD.latencyMs, p99: 12_000, p999: 12_000 },
}

const SERVED: FieldFigures = {
  served: 100,
  failed: 0,
  failures: {},
  perSecond: 1_000,
  p50Ms: 1,
  p99Ms: 1,
  imageP99Ms: 1,
}
const FALLEN: FieldFigures = { ...SERVED, perSecond: 0, failed: 1 }

function results(
  changes: Readonly<Record<string, Partial<Summary>>>,
  broken: Results['swarm']['broken'] = [],
  fallen?: string,
): Results {
  const standard = STANDARD.map(({ name }) => {
    const policies: [PolicyName, Summary][] = [
      ['random', { ...POOR, meanWaitMs: 5_010 }],
      ['JSQ', POOR],
      [CORE, { ...GOOD, ...changes[name] }],
      [WITHOUT_HEDGES, POOR],
    ]
    return [name, new Map(policies)] as const
  })
  return {
    standard: new Map(standard),
    faults: new Map([
      ['refuse', { ...GOOD, ...changes.refuse }],
      ['poison', { ...GOOD, ...changes.poison }],
    ]),
    field: new Map(SCENARIOS.map(({ name }) => [name, name === fallen ? FALLEN : SERVED])),
    swarm: { seeds: 10, requests: 10_000, broken },
  }
}

const failing = (changes: Readonly<Record<string, Partial<Summary>>>): string[] =>
  judge(results(changes)).flatMap(({ isKept, promise }) => (isKept ? [] : [promise]))

test('good figures pass every line', () => {
  expect(failing({})).toEqual([])
})

test.each([
  ['<= 50.0 % of JSQ', { homogeneous: { meanWaitMs: 501 } }],
  ['<= 10.0 % of random', { homogeneous: { meanWaitMs: 502 } }],
  ['image wait p99', { homogeneous: { imageWaitP99Ms: 3_001 } }],
  ['below every baseline', { 'half 3x slower': { latencyMs: { ...GOOD.latencyMs, p99: 12_000 } } }],
  ['1.5x overload: goodput', { '1.5x overload': { goodput: 0.949 } }],
  ['5x overload: goodput', { '5x overload': { goodput: 0.899 } }],
  ['refused p99', { '5x overload': { rejectionP99Ms: 101 } }],
  ['let in and not served', { '1.5x overload': { late: 11 } }],
  ['not only the largest', { '1.5x overload': { rejected: 300, rejectedShares: [0, 0, 0.9] } }],
  ['light keys', { 'flood key': { light: { refused: 1, waitP99Ms: 10 } } }],
  ['light keys', { 'flood key': { light: { refused: 0, waitP99Ms: 5_001 } } }],
  ['black hole', { 'one black hole': { faultyFirstShare: 0.001 } }],
  ['attempts per request', { 'sigma 1': { amplification: 1.11 } }],
  ['attempts per request', { homogeneous: { amplification: 1.02 } }],
  ['none failed', { refuse: { blameless: 1 } }],
  ['hedges lower p99.9', { stragglers: { latencyMs: { ...GOOD.latencyMs, p999: 12_000 } } }],
  ['crash two of four', { poison: { blameless: 1 } }],
] as const)('stops: %s', (promise, changes) => {
  const stopped = failing(changes)
  expect(stopped.join('; ')).toContain(promise)
  expect(stopped.length).toBeLessThanOrEqual(2)
})

test('stops at a scenario of the field suite that is not served as it should be', () => {
  const name = 'A4 100 at once by one key'
  const stopped = judge(results({}, [], name)).filter(({ isKept }) => !isKept)
  expect(stopped.map(({ figure }) => figure)).toEqual([name])
})

test('stops at a broken invariant, with the seed to replay it', () => {
  const last = judge(results({}, [{ seed: 17, what: 'I1' }])).at(-1)
  expect(last).toMatchObject({ isKept: false, figure: '1 broken, first: --seed 17' })
})
