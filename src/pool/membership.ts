/** Which backends make up a pool, and which pools serve a model. */
import type { Backend } from '../backends/backend.ts'
import { tasksOf } from '../models/operation.ts'
import type { PoolMember } from './state.ts'

/** @param task a model's id for its decodes, or the name of another operation with it */
export const servesTask = (backend: Backend, task: string): boolean => tasksOf(backend).includes(task)

/** How long a request without a deadline of its own waits for a backend that sleeps: as long as Hugging Face holds one. */
const DEFAULT_COLD_START_WAIT_MS = 600_000

const coldStartWaitOf = ({ coldStartWaitMs }: Backend): number =>
  coldStartWaitMs ?? DEFAULT_COLD_START_WAIT_MS

/** A backend as its pool sees it. */
export const memberOf = (backend: Backend): PoolMember => ({
  ...backend,
  models: tasksOf(backend),
  coldStartWaitMs: coldStartWaitOf(backend),
})

/** A pool is named after the first of its backends. */
export interface PoolRef {
  readonly name: string
  /** The shard that its object lives in; undefined where there are none. */
  readonly shard: string | undefined
}

/** Who shares slots with whom. Worked out once: each request asks, and there may be hundreds of backends. */
export class Membership {
  /** Every pool there is. A backend that serves nothing belongs to none. */
  readonly pools: readonly PoolRef[]
  readonly #byTask: ReadonlyMap<string, readonly PoolRef[]>
  readonly #members: ReadonlyMap<PoolRef['name'], readonly Backend[]>

  /** @param backends in the order of the configuration */
  constructor(backends: readonly Backend[]) {
    const joined = backends.filter(({ models }) => models.length > 0)
    const pools = poolOfEach(joined)
    const poolOf = (backend: Backend): PoolRef => pools.get(backend) as PoolRef
    this.pools = [...new Set(pools.values())]
    this.#members = Map.groupBy(joined, (backend) => poolOf(backend).name)
    const byTask = new Map<string, Set<PoolRef>>()
    for (const backend of joined) {
      for (const task of tasksOf(backend))
        byTask.set(task, (byTask.get(task) ?? new Set()).add(poolOf(backend)))
    }
    this.#byTask = new Map([...byTask].map(([task, pools]) => [task, [...pools]]))
  }

  /** The pools that serve a task: one per shard that has backends for it. */
  poolsOf(task: string): readonly PoolRef[] {
    return this.#byTask.get(task) ?? []
  }

  /** How long a job may wait for a backend of the pool to start. */
  startWaitMs(poolName: string): number {
    const sleepers = this.membersOf(poolName).filter(({ scaleToZero }) => scaleToZero)
    return Math.max(0, ...sleepers.map(coldStartWaitOf))
  }

  /** The backends of a pool, in the order of the configuration; none when there is no such pool. */
  membersOf(poolName: string): readonly Backend[] {
    return this.#members.get(poolName) ?? []
  }
}

/**
 * Tasks that share a backend share its slots, so they share a pool: it consists of every backend that is reachable
 * over common tasks within the shard.
 */
function poolOfEach(backends: readonly Backend[]): ReadonlyMap<Backend, PoolRef> {
  const tied = new Map<string, Backend[]>()
  for (const backend of backends) {
    for (const tie of tiesOf(backend)) {
      const others = tied.get(tie)
      if (others) others.push(backend)
      else tied.set(tie, [backend])
    }
  }
  const pools = new Map<Backend, PoolRef>()
  for (const first of backends) {
    if (pools.has(first)) continue
    const pool = { name: first.id, shard: first.shard }
    const members = new Set([first])
    // A Set visits what is added while it is walked.
    for (const member of members) {
      pools.set(member, pool)
      for (const tie of tiesOf(member)) {
        for (const other of tied.get(tie) ?? []) members.add(other)
        // Whoever it ties is met.
        tied.delete(tie)
      }
    }
  }
  return pools
}

/** What ties backends into a pool. */
const tiesOf = (backend: Backend): readonly string[] =>
  tasksOf(backend).map((task) => `${backend.shard ?? ''} ${task}`)
