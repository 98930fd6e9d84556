/** One fault every second. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BACKEND_FAULTS, type BackendFault } from './backend-faults.ts'
import type { Chance } from './chance.ts'
import { CLIENT_FAULTS } from './client-faults.ts'
import type { SoakOptions } from './options.ts'
import type { World } from './world.ts'

const EVERY_MS = 1_000
/** How long a backend is faulty, in milliseconds. */
const FAULT_MS = [1_000, 2_500] as const
const SHARE_OF_BACKENDS = 0.6

/**
 * Resolves when `stop` has fired, all backends are well and the last bad client is gone.
 */
export async function runChaos(
  world: World,
  { faulty: mostFaulty, only, alike }: Pick<SoakOptions, 'faulty' | 'only' | 'alike'>,
  chance: Chance,
  stop: AbortSignal,
): Promise<void> {
  const isWanted = ({ name }: { name: string }): boolean =>
    only.length === 0 || only.some((beginning) => name.startsWith(beginning))
  const backendFaults = BACKEND_FAULTS.filter(isWanted)
  const clientFaults = CLIENT_FAULTS.filter(isWanted)
  const underWay = new Set<Promise<void>>()
  /** What failures look like at present. */
  const looks = new Set<BackendFault['looks']>()
  let next = performance.now()
  while (!stop.aborted) {
    next += EVERY_MS
    await sleep(Math.max(0, next - performance.now()), undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted) break
    const running = chooseFault().finally(() => underWay.delete(running))
    underWay.add(running)
  }
  await Promise.all(underWay)

  function chooseFault(): Promise<void> {
    const healthy = world.backends.filter((backend) => !backend.isFaulty)
    const mayFail = world.backends.length - healthy.length < mostFaulty && backendFaults.length > 0
    if (mayFail && (clientFaults.length === 0 || chance.next() < SHARE_OF_BACKENDS)) return failBackend()
    return clientFaults.length > 0 ? misbehave() : Promise.resolve()
  }

  async function failBackend(): Promise<void> {
    const backend = chance.pick(world.backends.filter((backend) => !backend.isFaulty))
    const isPossible = (fault: BackendFault): boolean => alike || !fault.looks || !looks.has(fault.looks)
    const possible = backendFaults.filter(isPossible)
    if (possible.length === 0) return
    const fault = chance.pick(possible)
    world.tally.countFault(fault.name)
    looks.add(fault.looks)
    await backend.fail(fault)
    await sleep(chance.between(...FAULT_MS), undefined, { signal: stop }).catch(() => undefined)
    await backend.recover()
    looks.delete(fault.looks)
  }

  async function misbehave(): Promise<void> {
    const fault = chance.pick(clientFaults)
    world.tally.countFault(fault.name)
    try {
      await fault.run(world, chance)
    } catch (error) {
      world.tally.misjudged.push(`${fault.name}: ${(error as Error).message}`)
    }
  }
}
