/** One kind of fault at a time, on one of four backends, again and again: no request may notice. */
import type { FaultKind } from '../model/faults.ts'
import { evenly } from '../model/workload.ts'
import { equal, type Scenario, scenario } from './scenario.ts'

interface Plan {
  /** Rows of the failure catalogue. */
  readonly rows: string
  /** Share of the requests that meet it while it is on. */
  readonly rate: number
}

const FAULTS: Readonly<Record<FaultKind, Plan>> = {
  refuse: { rows: 'B1 B2 B3', rate: 1 },
  'connect-timeout': { rows: 'B4', rate: 1 },
  hang: { rows: 'B5 B6', rate: 0.5 },
  truncate: { rows: 'B7 B8 B25', rate: 0.5 },
  invalid: { rows: 'B9 B10 B11 B23', rate: 1 },
  oom: { rows: 'B12 B15', rate: 1 },
  reject: { rows: 'B13', rate: 0.3 },
  misconfigured: { rows: 'B14 B20', rate: 1 },
  error: { rows: 'B16', rate: 0.5 },
  'bad-gateway': { rows: 'B17', rate: 1 },
  cold: { rows: 'B18', rate: 1 },
  busy: { rows: 'B19', rate: 0.5 },
  reset: { rows: 'B26', rate: 0.5 },
  grey: { rows: 'B30', rate: 1 },
  'black-hole': { rows: 'B31', rate: 1 },
  'crash-loop': { rows: 'B32', rate: 1 },
  crash: { rows: 'B1 B26', rate: 1 },
}

/** On for a minute of every three. */
const ON_MS = 60_000
const EVERY_MS = 180_000

const POISON = 'poison'
const LEAVERS = 'ignores abort'

export const SINGLE_FAULTS: readonly string[] = [...Object.keys(FAULTS), POISON, LEAVERS]

export const rowsOf = (name: string): string =>
  name === POISON ? 'B33' : name === LEAVERS ? 'B34 C3' : (FAULTS[name as FaultKind]?.rows ?? '')

export function singleFault(name: string, requests: number): Scenario {
  const calm = { requests, loadOfKeys: evenly(0.45, 5), deadlineMs: 60_000 }
  const base = { slowness: equal(4), saying: 2, warmUpMs: 0, coldStartMs: 30_000 }
  if (name === POISON) return scenario(name, { ...base, workload: { ...calm, poisonShare: 0.001 } })
  if (name === LEAVERS) {
    return scenario(name, { ...base, workload: { ...calm, leavers: { share: 0.1, meanMs: 1_000 } } })
  }
  const kind = name as FaultKind
  const { rate } = FAULTS[kind]
  return scenario(name, {
    ...base,
    isScaleToZero: kind === 'cold',
    faults: [{ kind, backend: 0, from: EVERY_MS - ON_MS, until: EVERY_MS, everyMs: EVERY_MS, rate }],
    workload: calm,
  })
}
