/** I1, I4: places are neither overfilled nor lost. */
import type { BackendState, PoolState } from '../../../src/pool/state.ts'
import { grantsOf, type Invariant, isStepNews } from './observed.ts'

/** Jobs per slot that may be on their way to a backend or wait there. */
const MAX_STAGED = 4

/** I1: one decode runs per slot and few wait behind it. What a former life had granted comes on top. */
export const keepsPlaces: Invariant = ({ before, after }, { adopters }) => {
  if (!isStepNews(before, after)) return undefined
  for (const backend of after.backends) {
    if (adopters.has(backend.id)) continue
    const { leases, slots, id } = backend
    if (leases.length > (1 + MAX_STAGED) * slots)
      return `${id} has ${leases.length} leases for ${slots} slots`
    if (countRunning(backend) > slots) return `${id} runs more than its ${slots} slots`
    if (leases.length > 0 && leases.every(({ phase }) => phase === 'staged')) {
      return `${id} has jobs staged behind nothing`
    }
  }
  return undefined
}

const countRunning = ({ leases }: BackendState): number => {
  let running = 0
  for (const { phase } of leases) if (phase === 'running') running++
  return running
}

/** I4: a lease begins by a grant or an adoption and ends by its holder or by time, and none is there twice. */
export const conservesLeases: Invariant = ({ before, event, after, actions, now }) => {
  if (!isStepNews(before, after)) return undefined
  const old = leasesOf(before)
  const current = leasesOf(after)
  let count = 0
  for (const { leases } of after.backends) count += leases.length
  if (count !== current.size) return 'a lease is there twice'
  const granted = new Set(grantsOf(actions).map(({ leaseId }) => leaseId))
  for (const [id, backendId] of current) {
    if (id >= after.nextLeaseId) return `lease ${id} is of the future`
    if (old.has(id) ? old.get(id) !== backendId : !granted.has(id) && event.kind !== 'adopt') {
      return `lease ${id} on ${backendId} came from nowhere`
    }
  }
  for (const id of granted) if (!current.has(id)) return `granted lease ${id} is nowhere`
  const mayEnd = event.kind === 'free' || event.kind === 'abandon'
  for (const { leases } of before.backends) {
    for (const { id, expiresAt } of leases) {
      if (current.has(id) || expiresAt <= now) continue
      if (!mayEnd || event.leaseId !== id) return `lease ${id} was lost`
    }
  }
  return undefined
}

const leasesOf = (state: PoolState): Map<number, string> =>
  new Map(state.backends.flatMap(({ id, leases }) => leases.map((lease): [number, string] => [lease.id, id])))
