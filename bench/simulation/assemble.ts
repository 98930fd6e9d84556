/** Puts a pool, its backends and its Workers together. */
import type { Engine } from './engine/engine.ts'
import { streamOf } from './engine/random.ts'
import type { IdleGauge } from './metrics/idle-gauge.ts'
import type { Recorder } from './metrics/recorder.ts'
import { SimBackend } from './model/backend.ts'
import { FaultPlan } from './model/faults.ts'
import { Gateway } from './model/gateway.ts'
import type { Policy, PolicyFactory } from './policies/policy.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** What several pools may share. */
export interface Surroundings {
  readonly engine: Engine
  readonly gauge: IdleGauge
  readonly recorder: Recorder
}

export interface Assembly {
  readonly gateway: Gateway
  readonly policy: Policy
  readonly backends: readonly SimBackend[]
}

export function assemble(
  scenario: Scenario,
  factory: PolicyFactory,
  seed: number,
  { engine, gauge, recorder }: Surroundings,
): Assembly {
  const { network, isAbortable, isCold: isAsleep, coldStartMs } = scenario
  const backends: SimBackend[] = []
  const gateway = new Gateway({
    engine,
    network,
    backends,
    recorder,
    gauge,
    random: streamOf(seed, 'gateway'),
  })
  for (const [index, slowness] of scenario.slowness.entries()) {
    const faults = new FaultPlan(scenario.faults, index, seed)
    const settings = { index, slowness, isAbortable, isAsleep, coldStartMs }
    backends.push(new SimBackend(settings, faults, { engine, network, gauge, seed }, gateway.settle))
  }
  const policy = factory({
    engine,
    network,
    random: streamOf(seed, 'policy'),
    backends: backends.map(() => ({ isAbortable, isScaleToZero: scenario.isScaleToZero })),
    granted: gateway.granted.bind(gateway),
    refused: gateway.refused.bind(gateway),
    probe: gateway.probe.bind(gateway),
  })
  return { gateway, policy, backends }
}
