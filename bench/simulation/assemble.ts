/** Puts a pool, its backends and its Workers together. */
import type { Backend } from '../../src/backends/backend.ts'
import type { ProbeResult, ProbeTest } from '../../src/pool/events.ts'
import type { Engine } from './engine/engine.ts'
import { luckOf, streamOf } from './engine/random.ts'
import { VirtualMachine } from './engine/virtual-machine.ts'
import type { IdleGauge } from './metrics/idle-gauge.ts'
import type { Recorder } from './metrics/recorder.ts'
import { type BackendSettings, SimBackend } from './model/backend.ts'
import { type Fault, FaultPlan } from './model/faults.ts'
import type { Network } from './model/network.ts'
import { MODELS } from './model/order.ts'
import { Workers } from './model/workers.ts'
import { idOf, type Policy, type PolicyFactory } from './policies/policy.ts'

/** What several pools may share. */
export interface Surroundings {
  readonly engine: Engine
  readonly gauge: IdleGauge
  readonly recorder: Recorder
}

/** A backend, and what is configured of it. */
export interface Machine extends Omit<BackendSettings, 'id' | 'index'> {
  readonly isScaleToZero: boolean
  readonly shard?: string
}

export interface Plan {
  readonly machines: readonly Machine[]
  readonly faults: readonly Fault[]
  readonly network: Network
  readonly lossRate: number
  readonly lossUntil: number
  readonly hasMemory: boolean
}

export interface Assembly {
  readonly workers: Workers
  readonly policy: Policy
  /** All of the gateway runs on it. */
  readonly machine: VirtualMachine
  readonly backends: readonly SimBackend[]
}

const PROBE_DECODE_MS = 60

export function assemble(
  plan: Plan,
  factory: PolicyFactory,
  seed: number,
  { engine, gauge, recorder }: Surroundings,
): Assembly {
  const { machines, network, lossRate, lossUntil, hasMemory } = plan
  const backends = machines.map((machine, index) => {
    const faults = new FaultPlan(plan.faults, index, seed)
    return new SimBackend({ ...machine, id: idOf(index), index }, faults, { engine, gauge, seed })
  })
  const configured = machines.map(configure)
  let [lost, probes] = [0, 0]
  const probe = (index: number, test: ProbeTest): Promise<ProbeResult> => {
    const backend = backends[index] as SimBackend
    const ms = 2 * backend.settings.network.latencyMs + (test === 'decode' ? PROBE_DECODE_MS : 0)
    const serial = -2 - probes++
    return new Promise((resolve) => {
      engine.schedule(engine.now + ms, () => resolve(backend.probe(test, serial)), null)
    })
  }
  const isLost = (): boolean =>
    lossRate > 0 && engine.now < lossUntil && luckOf(seed, lost++, 7, 7) < lossRate
  const random = streamOf(seed, 'policy')
  const machine = new VirtualMachine(engine, streamOf(seed, 'machine'))
  const policy = factory({
    engine,
    machine,
    network,
    random,
    gauge,
    backends: configured,
    isLost,
    hasMemory,
    probe,
  })
  const workers = new Workers({
    engine,
    machine,
    configured,
    backends,
    policy,
    recorder,
  })
  return { workers, policy, backends, machine }
}

const configure = ({ slots, isAbortable, isScaleToZero, shard }: Machine, index: number): Backend => ({
  id: idOf(index),
  kind: 'vae-backend',
  url: undefined,
  token: undefined,
  models: Object.values(MODELS),
  slots,
  scaleToZero: isScaleToZero,
  abortable: isAbortable,
  shard,
})
