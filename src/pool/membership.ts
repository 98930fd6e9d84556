/** Which backends make up a pool, and which pools serve a model. */
import type { Backend } from '../backends/backend.ts'

export const servesModel = (backend: Backend, model: string): boolean => backend.models.includes(model)

/** A pool is named after the first of its backends. */
export interface PoolRef {
  readonly name: string
  /** The shard that its object lives in; undefined where there are none. */
  readonly shard: string | undefined
}

/** The pools that serve a model: one per shard that has backends for it. */
export function poolsOf(backends: readonly Backend[], model: string): readonly PoolRef[] {
  const pools = new Map<string, PoolRef>()
  for (const backend of backends) {
    if (!servesModel(backend, model)) continue
    const [first] = connected(backends, backend)
    if (first) pools.set(first.id, { name: first.id, shard: backend.shard })
  }
  return [...pools.values()]
}

/** Every pool there is. A backend that serves nothing belongs to none. */
export function allPools(backends: readonly Backend[]): readonly PoolRef[] {
  const pools = new Map(
    backends
      .flatMap(({ models }) => models.flatMap((id) => poolsOf(backends, id)))
      .map((pool) => [pool.name, pool]),
  )
  return [...pools.values()]
}

/** The backends of a pool; none when there is no such pool. */
export function membersOf(backends: readonly Backend[], poolName: string): readonly Backend[] {
  const first = backends.find(({ id }) => id === poolName)
  return first ? connected(backends, first) : []
}

/**
 * Models that share a backend share its slots, so they share a pool: it consists of every backend that is reachable
 * over common models within the shard, in the order of the configuration.
 */
function connected(backends: readonly Backend[], start: Backend): readonly Backend[] {
  const members = new Set([start])
  // A Set visits what is added while it is walked.
  for (const member of members) {
    for (const other of backends) {
      const isNear = other.shard === member.shard && other.models.some((id) => member.models.includes(id))
      if (isNear) members.add(other)
    }
  }
  return backends.filter((backend) => members.has(backend))
}
