/** What is left when nothing goes on any more. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileDescriptors } from './process-stats.ts'
import { type Jobs, jobsIn } from './watch.ts'
import { BUSY_POOL, QUIET_POOL, type World } from './world.ts'

/** Idle connections are kept for some seconds, and the log of a last request may be late. */
const PATIENCE_MS = 20_000
const EVERY_MS = 250

/** Descriptors that may be more than at the start: a database of an object, a spare pipe. */
export const SPARE_DESCRIPTORS = 8

export interface Rest {
  readonly jobs: Omit<Jobs, 'status'>
  readonly sockets: number
  readonly descriptors: number
  /** Requests without a line in the log. */
  readonly silent: { readonly stays: readonly string[]; readonly leaves: readonly string[] }
}

/** Looks until nothing is left, or until it has waited long enough. */
export async function waitForRest(world: World, descriptorsAtStart: number): Promise<Rest> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const rest = await look(world)
    const { jobs, silent } = rest
    const isAtRest =
      jobs.leases + jobs.queued + rest.sockets + silent.stays.length + silent.leaves.length === 0 &&
      rest.descriptors <= descriptorsAtStart + SPARE_DESCRIPTORS
    if (isAtRest || performance.now() > until) return rest
    await sleep(EVERY_MS)
  }
}

async function look(world: World): Promise<Rest> {
  const [busy, quiet] = await Promise.all([jobsIn(world, BUSY_POOL), jobsIn(world, QUIET_POOL)])
  const all = [...world.backends, ...world.quiet]
  return {
    jobs: { leases: busy.leases + quiet.leases, queued: busy.queued + quiet.queued },
    sockets: all.reduce((sum, { open }) => sum + open.size, 0),
    descriptors: fileDescriptors(world.workerdPid),
    silent: { stays: world.log.missing('stays'), leaves: world.log.missing('leaves') },
  }
}
