/**
 * Two thousand backends in five regions as the gateway shards them: 16 pools of 25 per region, each with an object of its
 * own; Workers order them by what they last heard of each (`orderPools`). A day goes by in two minutes.
 */

import { expectedWaitMs } from '../../../src/pool/load.ts'
import type { PoolRef } from '../../../src/pool/membership.ts'
import { orderPools, type Report, type Shard } from '../../../src/pool/shards.ts'
import { type Assembly, assemble } from '../assemble.ts'
import { Engine } from '../engine/engine.ts'
import { streamOf } from '../engine/random.ts'
import { IdleGauge } from '../metrics/idle-gauge.ts'
import { Recorder } from '../metrics/recorder.ts'
import type { Summary } from '../metrics/summary.ts'
import { CorePolicy, corePolicy } from '../policies/core.ts'
import { equal, scenario } from '../scenarios/scenario.ts'
import { Demand, type Request } from './demand.ts'
import { REGIONS, rttMs } from './world.ts'

const BACKENDS_PER_SHARD = 25
const SHARDS_PER_REGION = 16
const DAY_MS = 120_000
const WARM_UP_MS = 20_000
const KEYS = 1_000_001
const LOAD = 0.7

export interface Internet {
  readonly summary: Summary
  readonly backends: number
  readonly spilledShare: number
}

interface Place extends Assembly {
  readonly region: number
  readonly ref: PoolRef
}

/** @param isSpilling whether a short region may use another */
export function internet(requests: number, seed: number, isSpilling: boolean): Internet {
  const engine = new Engine()
  const gauge = new IdleGauge()
  const recorder = new Recorder(KEYS, WARM_UP_MS, -1)
  const random = streamOf(seed, 'spread')
  const shape = scenario('shard', { slowness: equal(BACKENDS_PER_SHARD) })
  const places: Place[] = REGIONS.flatMap((_, region) =>
    Array.from({ length: SHARDS_PER_REGION }, (_, index) => {
      const own = seed * 1_000 + region * SHARDS_PER_REGION + index
      const assembly = assemble(shape, corePolicy(own), own, { engine, gauge, recorder })
      assembly.gateway.serve(assembly.policy, () => {})
      return { ...assembly, region, ref: { name: `${region}/${index}`, shard: String(region) } }
    }),
  )
  const byName = new Map(places.map((place) => [place.ref.name, place]))
  const refs = places.map(({ ref }) => ref)
  const shards = new Map(
    REGIONS.map(({ name }, index): [string, Shard] => [
      String(index),
      { locationHint: undefined, continents: [name] },
    ]),
  )
  /** What the Workers of each region have last heard of each pool. */
  const heard = REGIONS.map(() => new Map<string, Report>())
  let spilled = 0

  const dispatch = ({ region, flight }: Request): void => {
    const home = REGIONS[region]?.name
    const allowed = isSpilling ? refs : refs.filter(({ shard }) => shard === String(region))
    const reports = heard[region] as Map<string, Report>
    const [first] = orderPools(allowed, shards, home, reports, random.uniform(), engine.now)
    const place = byName.get(first?.name ?? '')
    if (!place) throw new Error('No pool for a request.')
    if (place.region !== region) spilled++
    const wayMs = rttMs(region, place.region)
    const waitMs = place.policy instanceof CorePolicy ? expectedWaitMs(place.policy.state, engine.now) : 0
    reports.set(place.ref.name, { waitMs, rttMs: wayMs, at: engine.now })
    const farMs = wayMs - rttMs(region, region)
    engine.schedule(engine.now + farMs, place.gateway.arrive, flight)
  }

  const demand = new Demand(LOAD, places.length * BACKENDS_PER_SHARD, DAY_MS, seed)
  let left = requests
  const announce = (): void => {
    const request = demand.next()
    const arrive = (): void => {
      dispatch(request)
      if (--left > 0) announce()
    }
    engine.schedule(request.flight.arrivedAt, arrive, null)
  }
  announce()
  while (left > 0) engine.run(engine.now + 1_000)
  const endedAt = engine.now
  const idleMs = gauge.idleMs
  engine.run(endedAt + 65_000)
  const backends = places.length * BACKENDS_PER_SHARD
  const summary = recorder.summary(endedAt, backends, backends, idleMs)
  return { summary, backends, spilledShare: spilled / requests }
}
