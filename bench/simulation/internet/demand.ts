/** A million keys all over the world: who asks, where, and for what. */
import { type RandomStream, streamOf } from '../engine/random.ts'
import { Flight } from '../model/flight.ts'
import { meanWorkMs } from '../model/workload.ts'
import { demandAt, REGIONS, SWING } from './world.ts'

const KEYS = 1_000_000
const VIDEO_SHARE = 0.1
const SIGMA = 0.1
const DEADLINE_MS = 60_000

export interface Request {
  readonly region: number
  readonly flight: Flight
}

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
  next(): Request {
    const random = this.#random
    for (;;) {
      this.#at += random.exponential(this.#gapMs / (1 + SWING))
      const region = random.below(REGIONS.length)
      const here = REGIONS[region]
      if (here && random.chance(demandAt(here, this.#at, this.#dayMs) / (1 + SWING))) {
        return { region, flight: this.#flight() }
      }
    }
  }

  #flight(): Flight {
    const random = this.#random
    const isVideo = random.chance(VIDEO_SHARE)
    const workMs = isVideo ? random.between(1_000, 10_000) : random.between(50, 240)
    return new Flight({
      serial: this.#serial++,
      // Zipf: the largest keys have as much as the many small ones together.
      key: Math.floor(KEYS ** random.uniform()),
      costClass: isVideo ? (workMs > 5_500 ? 2 : 1) : 0,
      workMs,
      predictedMs: workMs * random.lognormal(SIGMA),
      arrivedAt: this.#at,
      deadlineAt: this.#at + DEADLINE_MS,
      leavesAt: Number.POSITIVE_INFINITY,
      isPoison: false,
      isolate: random.below(16),
      returns: 0,
    })
  }
}
