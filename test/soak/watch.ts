/** What is measured every second while the run lasts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileDescriptors, residentBytes } from './process-stats.ts'
import { BUSY_POOL, type World } from './world.ts'

const EVERY_MS = 1_000
/** Collecting garbage takes the runtime some milliseconds. */
const COLLECT_EVERY = 5
/** A slot travels back after the answer, so one sample with too many says nothing. */
const PATIENCE = 4

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
}

/** Fills `measured` until `stop` fires. */
export async function watch(world: World, measured: Measurements, stop: AbortSignal): Promise<void> {
  let tooMany = 0
  while (!stop.aborted) {
    const { leases, queued } = await jobsIn(world, BUSY_POOL)
    tooMany = leases + queued > world.tally.present ? tooMany + 1 : 0
    if (tooMany === PATIENCE) {
      const second = Math.round(world.tally.seconds)
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
}

export async function jobsIn({ gateway, tally }: World, pool: string): Promise<Jobs> {
  const { backends, queued } = await gateway.call('status', pool)
  tally.mostQueued = Math.max(tally.mostQueued, queued)
  return { leases: backends.reduce((sum, backend) => sum + backend.leases, 0), queued }
}
