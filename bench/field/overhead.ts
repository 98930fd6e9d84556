/** What sockets, timers and this machine take for a decode besides its curve, measured in the middle of a run. */
import { usualMs } from '../curves.ts'
import type { BackendAddress, Contender } from '../performance/contender.ts'
import { meanMs, type Scenario } from '../scenario.ts'
import { WARM_UP } from '../scenarios.ts'
import { count } from './figures.ts'
import { takeTurn } from './load.ts'

const DECODES = 24
/** Beside decodes that are longer it makes no difference. */
const LONGEST_MS = 300

/** Of the fastest backend, when a client asks it with nothing between. */
export async function directOverhead(
  scenario: Scenario,
  at: number,
  addresses: readonly BackendAddress[],
): Promise<number> {
  const [size] = scenario.mix
  // Beside nothing, and some of those hang.
  if (!size || scenario.isAlone) return 0
  const times = scenario.backends.map(
    (backend) => usualMs(backend.curve, size) + 2 * backend.networkMs + (backend.coldStartMs ?? 0),
  )
  const fastestMs = Math.min(...times)
  const address = addresses[times.indexOf(fastestMs)]
  if (!address || fastestMs > LONGEST_MS) return 0
  const direct: Contender = {
    name: 'direct',
    ...address,
    key: 'none',
    pids: [],
    stop: async () => undefined,
  }
  return overheadOf(direct, { ...scenario, mix: [size] }, at, fastestMs)
}

/** Of the gateway, by the pool that it has for warming up: decodes of a few milliseconds, without a choice to be made. */
export function gatewayOverhead(gateway: Contender, at: number): Promise<number> {
  const fastestMs = Math.min(...WARM_UP.backends.map((backend) => meanMs(backend, WARM_UP.mix)))
  return overheadOf(gateway, WARM_UP, at, fastestMs)
}

async function overheadOf(
  contender: Contender,
  scenario: Scenario,
  at: number,
  decodeMs: number,
): Promise<number> {
  const one: Scenario = { ...scenario, clients: 1, arrivals: { kind: 'closed' } }
  const options = { scenario: one, at, seed: 1, forMs: Number.POSITIVE_INFINITY, decodes: DECODES }
  const { meanMs: takenMs } = count([await takeTurn(contender, options)])
  return Math.max(0, takenMs - decodeMs)
}
