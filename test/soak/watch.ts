/** What is measured every second while the run lasts. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolStatus } from '../../src/pool/protocol.ts'
import { fileDescriptors, residentBytes } from './process-stats.ts'
import { BUSY_POOL, type World } from './world.ts'

const EVERY_MS = 1_000
/** Collecting garbage takes the runtime some milliseconds. */
const COLLECT_EVERY = 5
/** A slot travels back after the answer, so one sample with too many says nothing. */
const PATIENCE = 4
/** More jobs that wait than clients that leave the queue at once. */
const CROWD = 30
const MOST_CROWDS = 20

export interface KeptMemory {
  readonly bytes: number
  /** Requests that were sent until then. */
  readonly sent: number
}

export interface Measurements {
  /** RSS of workerd, once a second, in bytes. */
  readonly resident: number[]
  /** The same right after garbage was collected, every five seconds. */
  readonly kept: KeptMemory[]
  readonly descriptors: number[]
  /** Descriptors of workerd after its first answer, before the load. */
  readonly descriptorsAtStart: number
  /** Slots and places in the queue that no request could hold, for several seconds in a row. */
  readonly orphans: string[]
  /** What the pool said of itself while many waited. */
  readonly crowds: string[]
  /** Most milliseconds by which this process was late, per sample: the machine was busy with something else. */
  readonly lagMs: number[]
}

/** Fills `measured` until `stop` fires. */
export async function watch(world: World, measured: Measurements, stop: AbortSignal): Promise<void> {
  let tooMany = 0
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  while (!stop.aborted) {
    const { leases, queued, status } = await jobsIn(world, BUSY_POOL)
    tooMany = leases + queued > world.tally.present ? tooMany + 1 : 0
    const second = Math.round(world.tally.seconds)
    measured.lagMs.push(Math.round(delay.max / 1e6))
    delay.reset()
    if (queued >= CROWD && measured.crowds.length < MOST_CROWDS) {
      measured.crowds.push(`${queued} wait at ${second} s: ${JSON.stringify(status.backends)}`)
    }
    if (tooMany === PATIENCE) {
      measured.orphans.push(
        `${leases} leases and ${queued} jobs of ${world.tally.present} requests at ${second} s`,
      )
    }
    measured.resident.push(residentBytes(world.workerdPid))
    if (measured.resident.length % COLLECT_EVERY === 0) {
      const isDone = await world.inspector.collectGarbage()
      if (isDone) measured.kept.push({ bytes: residentBytes(world.workerdPid), sent: world.tally.sent })
    }
    measured.descriptors.push(fileDescriptors(world.workerdPid))
    await sleep(EVERY_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}

export interface Jobs {
  readonly leases: number
  readonly queued: number
  readonly status: PoolStatus
}

export async function jobsIn({ gateway, tally }: World, pool: string): Promise<Jobs> {
  const status = await gateway.call('status', pool)
  const { backends, queued } = status
  tally.mostQueued = Math.max(tally.mostQueued, queued)
  return { leases: backends.reduce((sum, backend) => sum + backend.leases, 0), queued, status }
}
