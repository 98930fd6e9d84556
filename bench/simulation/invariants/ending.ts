/** I4, I12: when all is over nothing is left behind, and who is well again serves again. */
import type { PoolState } from '../../../src/pool/state.ts'
import { nextWakeAt, step } from '../../../src/pool/step.ts'
import { healthFor, isServing } from './beliefs.ts'

/** A lease lives no longer than three times its prediction and a grace; jobs no longer than their deadlines. */
const MAX_TICKS = 10_000

/** I4: a pool that nobody talks to any more gives back all it has granted, by its own timers. */
export function leaksNothing(state: PoolState, now: number): string | undefined {
  let current = state
  let at = now
  for (let ticks = 0; ticks < MAX_TICKS; ticks++) {
    const leases = current.backends.reduce((sum, backend) => sum + backend.leases.length, 0)
    if (leases === 0 && current.lanes.length === 0) return undefined
    const wakeAt = nextWakeAt(current, at)
    if (wakeAt === undefined) return `${leases} leases and ${current.lanes.length} lanes are left for ever`
    at = wakeAt
    ;[current] = step(current, { kind: 'tick' }, at)
  }
  return `still busy with itself after ${MAX_TICKS} ticks`
}

/** I12: with nothing wrong any more, and jobs to show it by, every backend that is `well` serves all its models. */
export function hasRecovered({ backends }: PoolState, well: ReadonlySet<string>): string | undefined {
  const out = backends.flatMap((backend) => {
    if (!well.has(backend.id)) return []
    const health = backend.models.map((model) => healthFor(backend, model)).find((own) => !isServing(own))
    return health ? [`${backend.id} is still ${health.kind}`] : []
  })
  return out.length > 0 ? out.join(', ') : undefined
}
