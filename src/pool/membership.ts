/** Which backends make up a pool, and which pools serve a model. */
import type { Backend } from '../backends/backend.ts'
import { tasksOf } from '../models/operation.ts'
import type { PoolMember } from './state.ts'

/** @param task a model's id for its decodes, or the name of another operation with it */
export const servesTask = (backend: Backend, task: string): boolean => tasksOf(backend).includes(task)

/** A backend as its pool sees it. */
export const memberOf = (backend: Backend): PoolMember => ({ ...backend, models: tasksOf(backend) })

/** A pool is named after the first of its backends. */
export interface PoolRef {
  readonly name: string
  /** The shard that its object lives in; undefined where there are none. */
  readonly shard: string | undefined
}

/** The pools that serve a task: one per shard that has backends for it. */
export function poolsOf(backends: readonly Backend[], task: string): readonly PoolRef[] {
  const pools = new Map<string, PoolRef>()
  for (const backend of backends) {
    if (!servesTask(backend, task)) continue
    const [first] = connected(backends, backend)
    if (first) pools.set(first.id, { name: first.id, shard: backend.shard })
  }
  return [...pools.values()]
}

/** Every pool there is. A backend that serves nothing belongs to none. */
export const allPools = (backends: readonly Backend[]): readonly PoolRef[] => [
  ...new Set(poolOfEach(backends).values()),
]

/** The pools of every task that is served, as `poolsOf` has them for one. */
export function poolsByTask(backends: readonly Backend[]): ReadonlyMap<string, readonly PoolRef[]> {
  const pools = new Map<string, Set<PoolRef>>()
  for (const [backend, pool] of poolOfEach(backends)) {
    for (const task of tasksOf(backend)) pools.set(task, (pools.get(task) ?? new Set()).add(pool))
  }
  return new Map([...pools].map(([task, refs]) => [task, [...refs]]))
}

/** In the order of the configuration. */
function poolOfEach(backends: readonly Backend[]): ReadonlyMap<Backend, PoolRef> {
  const pools = new Map<Backend, PoolRef>()
  const joined = backends.filter(({ models }) => models.length > 0)
  for (const backend of joined) {
    if (pools.has(backend)) continue
    // The first that is met is the first of its pool.
    const pool = { name: backend.id, shard: backend.shard }
    for (const member of connected(backends, backend)) pools.set(member, pool)
  }
  return new Map(joined.flatMap((backend) => [[backend, pools.get(backend) as PoolRef] as const]))
}

/** The backends of a pool; none when there is no such pool. */
export function membersOf(backends: readonly Backend[], poolName: string): readonly Backend[] {
  const first = backends.find(({ id }) => id === poolName)
  return first ? connected(backends, first) : []
}

/**
 * Tasks that share a backend share its slots, so they share a pool: it consists of every backend that is reachable
 * over common tasks within the shard, in the order of the configuration.
 */
function connected(backends: readonly Backend[], start: Backend): readonly Backend[] {
  const members = new Set([start])
  // A Set visits what is added while it is walked.
  for (const member of members) {
    const tasks = tasksOf(member)
    for (const other of backends) {
      if (members.has(other)) continue
      const isNear = other.shard === member.shard && tasksOf(other).some((task) => tasks.includes(task))
      if (isNear) members.add(other)
    }
  }
  return backends.filter((backend) => members.has(backend))
}
