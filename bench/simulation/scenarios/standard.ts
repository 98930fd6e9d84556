/** The standard scenarios of the release gate. */
import type { FaultKind } from '../model/faults.ts'
import { evenly } from '../model/workload.ts'
import { type Scenario, scenario } from './scenario.ts'

/** One backend has it from the end of the warm-up on. */
const lasting = (kind: FaultKind): Scenario['faults'] => [
  { kind, backend: 0, from: 60_000, until: Number.POSITIVE_INFINITY, everyMs: 0, rate: 1 },
]

export const STRAGGLERS = 'stragglers'
/** One decode in a hundred takes ten times as long, wherever it is. */
const stragglers: Scenario['faults'] = Array.from({ length: 8 }, (_, backend) => ({
  kind: 'grey',
  backend,
  from: 0,
  until: Number.POSITIVE_INFINITY,
  everyMs: 0,
  rate: 0.01,
}))

/** Ten keys with 5 % of the pool each, and one that asks for three pools. */
const LIGHT_KEYS = 10
const FLOOD = [...evenly(0.5, LIGHT_KEYS), 3]

const IMPATIENT_MS = 30_000
const USUAL_MS = 60_000

const overload = (load: number): Scenario =>
  scenario(`${load}x overload`, { workload: { loadOfKeys: evenly(load, 20), deadlineMs: IMPATIENT_MS } })

export const STANDARD: readonly Scenario[] = [
  scenario('homogeneous'),
  scenario('half 3x slower', { slowness: [1, 1, 1, 1, 3, 3, 3, 3] }),
  scenario('images only', { workload: { videoShare: 0 } }),
  scenario('videos only', { workload: { videoShare: 1 } }),
  scenario('burst 10x', {
    workload: { loadOfKeys: evenly(0.3, 20), burst: { everyMs: 60_000, lastsMs: 2_000, factor: 10 } },
  }),
  scenario('one grey', { faults: lasting('grey'), workload: { loadOfKeys: evenly(0.6, 20) } }),
  scenario(STRAGGLERS, { faults: stragglers, workload: { loadOfKeys: evenly(0.5, 20), videoShare: 0 } }),
  scenario('one black hole', { faults: lasting('black-hole'), workload: { loadOfKeys: evenly(0.6, 20) } }),
  scenario('cold pool', {
    isCold: true,
    isScaleToZero: true,
    warmUpMs: 0,
    workload: { loadOfKeys: evenly(0.5, 20) },
  }),
  overload(1.5),
  overload(5),
  scenario('flood key', {
    heavyKey: LIGHT_KEYS,
    workload: { loadOfKeys: FLOOD, deadlineMs: USUAL_MS },
  }),
  scenario('sigma 1', { sigma: 1 }),
  scenario('restart each 10 s', { restartEveryMs: 10_000 }),
]

/** The scenario that the gate's figures against the baselines are for. */
export const REFERENCE = 'homogeneous'

export function standard(name: string, requests: number): Scenario {
  const found = STANDARD.find((candidate) => candidate.name === name)
  if (!found)
    throw new Error(`There is no scenario ${name}; there are ${STANDARD.map((s) => s.name).join(', ')}.`)
  return { ...found, workload: { ...found.workload, requests } }
}
