/** One run: a scenario under a policy, from one integer. */
import { assemble } from './assemble.ts'
import { Engine } from './engine/engine.ts'
import type { VirtualMachine } from './engine/virtual-machine.ts'
import { IdleGauge } from './metrics/idle-gauge.ts'
import { Recorder } from './metrics/recorder.ts'
import type { Summary } from './metrics/summary.ts'
import type { SimBackend } from './model/backend.ts'
import type { Flight } from './model/flight.ts'
import type { Ended } from './model/workers.ts'
import { Arrivals, returning } from './model/workload.ts'
import type { Policy, PolicyFactory } from './policies/policy.ts'
import { capacityOf, planOf, type Scenario } from './scenarios/scenario.ts'

/** Serials of requests that come back, apart from those of first ones. */
const RETURNS_FROM = 1e9

export interface Run {
  readonly summary: Summary
  readonly policy: Policy
}

/** @throws what a witness of the pool, or `atLastArrival`, throws when a promise is broken */
export async function run(
  scenario: Scenario,
  factory: PolicyFactory,
  seed: number,
  atLastArrival: (policy: Policy, backends: readonly SimBackend[], now: number) => void = () => {},
): Promise<Run> {
  const { workload } = scenario
  const engine = new Engine()
  const gauge = new IdleGauge()
  const recorder = new Recorder(workload.loadOfKeys.length, scenario.warmUpMs, scenario.heavyKey)
  const surroundings = { engine, gauge, recorder }
  const { workers, policy, backends, machine } = assemble(planOf(scenario), factory, seed, surroundings)
  disturb(scenario, engine, policy, machine)

  let returned = 0
  const serve = (flight: Flight): void => void workers.serve(flight).then(comeBack)
  const comeBack = ({ flight, how, retryAfterMs }: Ended): void => {
    if (how !== 'rejected' || flight.returns === 0) return
    const at = engine.now + retryAfterMs
    engine.schedule(at, serve, returning(flight, RETURNS_FROM + returned++, at))
  }
  const arrivals = new Arrivals(workload, capacityOf(scenario), seed)
  let left = workload.requests
  let lastAt = 0
  let idleMs = 0
  const next = (flight: Flight): void => {
    lastAt = engine.now
    serve(flight)
    if (--left > 0) {
      announce()
      return
    }
    idleMs = gauge.idleMs
    try {
      atLastArrival(policy, backends, lastAt)
    } catch (error) {
      engine.fail(error as Error)
    }
  }
  const announce = (): void => {
    const flight = arrivals.next()
    engine.schedule(flight.arrivedAt, next, flight)
  }
  announce()
  engine.schedule(scenario.warmUpMs, () => gauge.reset(engine.now), null)
  while (left > 0) await engine.run(engine.now + 60_000)
  await engine.run(lastAt + workload.deadlineMs + scenario.quietMs)
  const summary = recorder.summary(lastAt, capacityOf(scenario), scenario.slowness.length, idleMs)
  return { summary, policy }
}

/** Restarts of the pool, cuts between it and the Workers, and hands on the clock of their machine. */
function disturb(
  { restartEveryMs, cuts, clockSteps }: Scenario,
  engine: Engine,
  policy: Policy,
  machine: VirtualMachine,
): void {
  const restart = (): void => {
    policy.restart?.()
    engine.schedule(engine.now + restartEveryMs, restart, null)
  }
  if (restartEveryMs > 0) engine.schedule(restartEveryMs, restart, null)
  for (const { at, byMs } of clockSteps) engine.schedule(at, () => machine.setClock(byMs), null)
  for (const { from, until } of cuts) engine.schedule(from, () => policy.cut?.(until), null)
}
