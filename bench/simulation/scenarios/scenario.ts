/** What is simulated: backends, faults, requests, and what happens to the pool itself. */
import type { Plan } from '../assemble.ts'
import type { Fault } from '../model/faults.ts'
import { NEARBY, type Network } from '../model/network.ts'
import { backendCurve, evenly, type Workload } from '../model/workload.ts'

export interface Scenario {
  readonly name: string
  /** Decode time over the reference, per backend. */
  readonly slowness: readonly number[]
  /** Noise of decode times: deviation of the logarithm. */
  readonly sigma: number
  /** How many of the backends, the first ones, say how long a decode took. */
  readonly saying: number
  readonly isAbortable: boolean
  readonly isScaleToZero: boolean
  /** Whether all backends sleep when it begins. */
  readonly isCold: boolean
  readonly coldStartMs: number
  readonly faults: readonly Fault[]
  readonly workload: Workload
  readonly network: Network
  readonly warmUpMs: number
  /** The pool forgets all but its numbers, this often; 0: never. */
  readonly restartEveryMs: number
  /** Workers and pool lose each other. */
  readonly cuts: readonly { readonly from: number; readonly until: number }[]
  /** The clock of the gateway's machine is set, forwards or back. */
  readonly clockSteps: readonly { readonly at: number; readonly byMs: number }[]
  /** Share of the messages of leases that are lost. */
  readonly lossRate: number
  readonly lossUntil: number
  /** Key that asks for more than its share; -1: none. */
  readonly heavyKey: number
  /** How long the run goes on after the last request. */
  readonly quietMs: number
}

/** As patient as if there were no deadline. */
export const PATIENT_MS = 600_000

const WORKLOAD: Workload = {
  requests: 100_000,
  loadOfKeys: evenly(0.7, 20),
  videoShare: 0.1,
  deadlineMs: PATIENT_MS,
  burst: null,
  leavers: null,
  poisonShare: 0,
  poisonUntil: Number.POSITIVE_INFINITY,
  returns: 0,
}

/** Eight backends, images and videos, 70 % load, nothing wrong; and what differs. */
export function scenario(
  name: string,
  changes: Partial<Omit<Scenario, 'workload'>> & { readonly workload?: Partial<Workload> } = {},
): Scenario {
  return {
    name,
    slowness: equal(8),
    sigma: 0.1,
    saying: 4,
    isAbortable: false,
    isScaleToZero: false,
    isCold: false,
    coldStartMs: 120_000,
    faults: [],
    network: NEARBY,
    warmUpMs: 60_000,
    restartEveryMs: 0,
    cuts: [],
    clockSteps: [],
    lossRate: 0,
    lossUntil: Number.POSITIVE_INFINITY,
    heavyKey: -1,
    quietMs: 5_000,
    ...changes,
    workload: { ...WORKLOAD, ...changes.workload },
  }
}

export const equal = (count: number): number[] => new Array<number>(count).fill(1)

export function planOf(own: Scenario): Plan {
  const { slowness, sigma, saying, network, isAbortable, isScaleToZero, isCold, coldStartMs } = own
  const { faults, lossRate, lossUntil, restartEveryMs } = own
  const machines = slowness.map((slow, index) => ({
    curve: backendCurve(slow, sigma),
    slots: 1,
    saysComputeMs: index < saying,
    network,
    isAbortable,
    isScaleToZero,
    isAsleep: isCold,
    coldStartMs,
  }))
  return { machines, faults, network, lossRate, lossUntil, hasMemory: restartEveryMs > 0 }
}

export const capacityOf = ({ slowness }: Scenario): number => slowness.reduce((sum, own) => sum + 1 / own, 0)
