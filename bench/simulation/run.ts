/** One run: a scenario under a policy, from one integer. */
import { assemble } from './assemble.ts'
import { Engine } from './engine/engine.ts'
import { luckOf } from './engine/random.ts'
import { IdleGauge } from './metrics/idle-gauge.ts'
import { Recorder } from './metrics/recorder.ts'
import type { Summary } from './metrics/summary.ts'
import type { SimBackend } from './model/backend.ts'
import type { Flight } from './model/flight.ts'
import type { Gateway } from './model/gateway.ts'
import { Arrivals, returning } from './model/workload.ts'
import type { Policy, PolicyFactory } from './policies/policy.ts'
import { capacityOf, type Scenario } from './scenarios/scenario.ts'

/** Serials of requests that come back, apart from those of first ones. */
const RETURNS_FROM = 1e9

export interface Run {
  readonly summary: Summary
  readonly policy: Policy
}

/** @throws what a witness of the pool, or `atLastArrival`, throws when a promise is broken */
export function run(
  scenario: Scenario,
  factory: PolicyFactory,
  seed: number,
  atLastArrival: (policy: Policy, backends: readonly SimBackend[], now: number) => void = () => {},
): Run {
  const { workload } = scenario
  const engine = new Engine()
  const gauge = new IdleGauge()
  const recorder = new Recorder(workload.loadOfKeys.length, scenario.warmUpMs, scenario.heavyKey)
  const { gateway, policy, backends } = assemble(scenario, factory, seed, { engine, gauge, recorder })
  let returned = 0
  gateway.serve(policy, (flight, afterMs) => {
    const at = engine.now + afterMs
    engine.schedule(at, gateway.arrive, returning(flight, RETURNS_FROM + returned++, at))
  })
  let lost = 0
  gateway.mailbox.lossRate = scenario.lossRate
  gateway.mailbox.lossUntil = scenario.lossUntil
  gateway.mailbox.luck = () => luckOf(seed, lost++, 7, 7)
  disturb(scenario, engine, gateway, policy)

  const arrivals = new Arrivals(workload, capacityOf(scenario), seed)
  let left = workload.requests
  let lastAt = 0
  const next = (flight: Flight): void => {
    lastAt = engine.now
    gateway.arrive(flight)
    if (--left > 0) announce()
    else atLastArrival(policy, backends, lastAt)
  }
  const announce = (): void => {
    const flight = arrivals.next()
    engine.schedule(flight.arrivedAt, next, flight)
  }
  announce()
  engine.schedule(scenario.warmUpMs, () => gauge.reset(engine.now), null)
  while (left > 0) engine.run(engine.now + 60_000)
  const idleMs = gauge.idleMs
  const summary = (): Summary =>
    recorder.summary(lastAt, capacityOf(scenario), scenario.slowness.length, idleMs)
  engine.run(lastAt + workload.deadlineMs + scenario.quietMs)
  return { summary: summary(), policy }
}

/** Restarts of the pool, cuts between it and the Workers, and hands on its clock. */
function disturb(
  { restartEveryMs, cuts, clockSteps }: Scenario,
  engine: Engine,
  gateway: Gateway,
  policy: Policy,
): void {
  const restart = (): void => {
    if (gateway.live.size > 0) gateway.restart()
    engine.schedule(engine.now + restartEveryMs, restart, null)
  }
  if (restartEveryMs > 0) engine.schedule(restartEveryMs, restart, null)
  for (const { at, byMs } of clockSteps) engine.schedule(at, () => policy.setClock?.(byMs), null)
  for (const { from, until } of cuts) engine.schedule(from, () => gateway.cut(until), null)
}
