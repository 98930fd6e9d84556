/** Steady load: requests begin at random moments at a constant rate, whatever becomes of those before. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { decode } from './good-client.ts'
import { chooseKind } from './latent.ts'
import type { World } from './world.ts'

/** More requests than this under way, and a key has more than its share of the queue. */
const MOST_IN_FLIGHT = 60
/** Milliseconds that decodes take. */
const DECODE_MS = [2, 30] as const

/** Resolves when `stop` has fired and every request has its answer. */
export async function runLoad(world: World, rate: number, chance: Chance, stop: AbortSignal): Promise<void> {
  const underWay = new Set<Promise<void>>()
  let next = performance.now()
  while (!stop.aborted) {
    // Exponential gaps, counted from when the last one was due, so that a late timer does not lower the rate.
    next += (-Math.log(1 - chance.next()) * 1000) / rate
    const wait = next - performance.now()
    if (wait > 0) await sleep(wait, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted) break
    const order = {
      kind: chooseKind(chance),
      key: chance.pick(world.keys),
      decodeMs: Math.floor(chance.between(...DECODE_MS)),
    }
    if (world.tally.inFlight >= MOST_IN_FLIGHT) {
      world.tally.heldBack++
      continue
    }
    const running = decode(world, order).finally(() => underWay.delete(running))
    underWay.add(running)
  }
  await Promise.all(underWay)
}
