/**
 * Two thousand backends in five regions as the gateway shards them: 16 pools of 25 per region, each with an object of its
 * own; Workers order them by what they last heard of each (`orderPools`). A day goes by in two minutes.
 */
import type { Shard } from '../../../src/pool/shards.ts'
import { assemble, type Machine } from '../assemble.ts'
import { Engine } from '../engine/engine.ts'
import { IdleGauge } from '../metrics/idle-gauge.ts'
import { Recorder } from '../metrics/recorder.ts'
import type { Summary } from '../metrics/summary.ts'
import type { Flight } from '../model/flight.ts'
import { NEARBY } from '../model/network.ts'
import { backendCurve } from '../model/workload.ts'
import { indexOf } from '../policies/policy.ts'
import { shippedPolicy } from '../policies/shipped.ts'
import { Demand, ISOLATES } from './demand.ts'
import { REGIONS, rttMs } from './world.ts'

const BACKENDS_PER_SHARD = 25
const SHARDS_PER_REGION = 16
const PER_REGION = BACKENDS_PER_SHARD * SHARDS_PER_REGION
const BACKENDS = PER_REGION * REGIONS.length
const DAY_MS = 120_000
const WARM_UP_MS = 20_000
const KEYS = 1_000_001
const LOAD = 0.7

export interface Internet {
  readonly summary: Summary
  readonly backends: number
  readonly spilledShare: number
}

const regionOfIsolate = (isolate: number): number => Math.floor(isolate / ISOLATES)
const regionOfBackend = (index: number): number => Math.floor(index / PER_REGION)

/** How much longer the way from one region to another is than within one, one way. */
const farMs = (from: number, to: number): number => (rttMs(from, to) - rttMs(to, to)) / 2

/** @param isSpilling whether a short region may use another */
export async function internet(requests: number, seed: number, isSpilling: boolean): Promise<Internet> {
  const engine = new Engine()
  const gauge = new IdleGauge()
  const recorder = new Recorder(KEYS, WARM_UP_MS, -1)
  const shards = new Map<string, Shard>()
  const machines: Machine[] = Array.from({ length: BACKENDS }, (_, index) => {
    const region = regionOfBackend(index)
    const shard = String(Math.floor(index / BACKENDS_PER_SHARD))
    shards.set(shard, { locationHint: undefined, continents: [REGIONS[region]?.name ?? ''] })
    return machineIn(region, shard)
  })
  const policy = shippedPolicy({
    world: {
      shards,
      continentOf: (isolate) => REGIONS[regionOfIsolate(isolate)]?.name ?? '',
      hopMs: (isolate, { name }) =>
        NEARBY.hopMs + farMs(regionOfIsolate(isolate), regionOfBackend(indexOf(name))),
      mayUse: (isolate, { name }) =>
        isSpilling || regionOfIsolate(isolate) === regionOfBackend(indexOf(name)),
    },
  })
  const plan = { machines, faults: [], network: NEARBY, lossRate: 0, lossUntil: 0, hasMemory: false }
  const { workers } = assemble(plan, policy, seed, { engine, gauge, recorder })

  let spilled = 0
  const serve = async (flight: Flight): Promise<void> => {
    const { backendId } = await workers.serve(flight)
    if (backendId === undefined) return
    if (regionOfBackend(indexOf(backendId)) !== regionOfIsolate(flight.isolate)) spilled++
  }
  const demand = new Demand(LOAD, BACKENDS, DAY_MS, seed)
  let left = requests
  const next = (flight: Flight): void => {
    void serve(flight)
    if (--left > 0) announce()
  }
  const announce = (): void => {
    const flight = demand.next()
    engine.schedule(flight.arrivedAt, next, flight)
  }
  announce()
  while (left > 0) await engine.run(engine.now + 1_000)
  const endedAt = engine.now
  const idleMs = gauge.idleMs
  await engine.run(endedAt + 65_000)
  const summary = recorder.summary(endedAt, BACKENDS, BACKENDS, idleMs)
  return { summary, backends: BACKENDS, spilledShare: spilled / requests }
}

const machineIn = (region: number, shard: string): Machine => ({
  curve: backendCurve(1, 0.1),
  slots: 1,
  saysComputeMs: true,
  network: NEARBY,
  farMs: (isolate) => farMs(regionOfIsolate(isolate), region),
  isAbortable: false,
  isScaleToZero: false,
  isAsleep: false,
  coldStartMs: 0,
  shard,
})
