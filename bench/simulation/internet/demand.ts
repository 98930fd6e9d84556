/** A million keys all over the world: who asks, where, and for what. */
import { type RandomStream, streamOf } from '../engine/random.ts'
import type { Flight } from '../model/flight.ts'
import { meanWorkMs, pickOrder } from '../model/workload.ts'
import { demandAt, REGIONS, SWING } from './world.ts'

const KEYS = 1_000_000
const VIDEO_SHARE = 0.1
const DEADLINE_MS = 60_000

/** Of each region; what they know of pools they know by themselves. */
export const ISOLATES = 16

export class Demand {
  readonly #random: RandomStream
  readonly #gapMs: number
  readonly #dayMs: number
  #at = 0
  #serial = 0

  /** @param backends of reference speed, all together */
  constructor(load: number, backends: number, dayMs: number, seed: number) {
    this.#random = streamOf(seed, 'demand')
    this.#gapMs = meanWorkMs(VIDEO_SHARE) / (load * backends)
    this.#dayMs = dayMs
  }

  /** By thinning: candidates at the rate of the busiest hour, of which as many are kept as the hour deserves. */
  next(): Flight {
    const random = this.#random
    for (;;) {
      this.#at += random.exponential(this.#gapMs / (1 + SWING))
      const region = random.below(REGIONS.length)
      const here = REGIONS[region]
      if (here && random.chance(demandAt(here, this.#at, this.#dayMs) / (1 + SWING))) {
        return this.#flight(region)
      }
    }
  }

  #flight(region: number): Flight {
    const random = this.#random
    const asked = pickOrder(random.chance(VIDEO_SHARE), random.uniform())
    return {
      ...asked,
      serial: this.#serial++,
      // Zipf: the largest keys have as much as the many small ones together.
      key: Math.floor(KEYS ** random.uniform()),
      arrivedAt: this.#at,
      deadlineMs: DEADLINE_MS,
      saysDeadline: true,
      leavesAt: Number.POSITIVE_INFINITY,
      isPoison: false,
      isolate: region * ISOLATES + random.below(ISOLATES),
      returns: 0,
      attempts: 0,
    }
  }
}
