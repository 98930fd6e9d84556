/** Who asks for what, and when. Every draw is made at the arrival, so all policies meet the same requests. */
import { streamOf } from '../engine/random.ts'
import { type CostClass, Flight } from './flight.ts'

export interface Workload {
  /** Arrivals until the end of the run. */
  readonly requests: number
  /** Offered decode time over the capacity of all backends together, per key. */
  readonly loadOfKeys: readonly number[]
  readonly videoShare: number
  /** Error of the prediction: sigma of a lognormal factor with median 1. */
  readonly sigma: number
  readonly deadlineMs: number
  /** Arrivals come `factor` times as fast for the first `lastsMs` of every `everyMs`. */
  readonly burst: { readonly everyMs: number; readonly lastsMs: number; readonly factor: number } | null
  /** Share of clients that leave before their answer, after a moment of this mean. */
  readonly leavers: { readonly share: number; readonly meanMs: number } | null
  readonly poisonShare: number
  /** The last poison comes before this. */
  readonly poisonUntil: number
  /** How often a client that was refused comes back when it was told to. */
  readonly returns: number
}

/** `keys` with the same load each. */
export const evenly = (load: number, keys: number): number[] =>
  Array.from({ length: keys }, () => load / keys)

/** Images of 50 to 240 ms, mean 145; videos of 1 to 10 s. */
const IMAGE_MS = [50, 240] as const
const VIDEO_MS = [1_000, 10_000] as const
const LONG_VIDEO_MS = 5_500
const ISOLATES = 16

const mean = ([low, high]: readonly [number, number]): number => (low + high) / 2

export const meanWorkMs = (videoShare: number): number =>
  (1 - videoShare) * mean(IMAGE_MS) + videoShare * mean(VIDEO_MS)

/** An endless source of requests; `next` has the time of each. */
export class Arrivals {
  readonly #workload: Workload
  readonly #random
  readonly #meanGapMs: number
  readonly #shares: readonly number[]
  #at = 0
  #serial = 0

  /** @param capacity decode seconds that all backends do in a second */
  constructor(workload: Workload, capacity: number, seed: number) {
    this.#workload = workload
    this.#random = streamOf(seed, 'arrivals')
    const load = workload.loadOfKeys.reduce((sum, own) => sum + own, 0)
    this.#meanGapMs = meanWorkMs(workload.videoShare) / (load * capacity)
    let sum = 0
    this.#shares = workload.loadOfKeys.map((own) => {
      sum += own / load
      return sum
    })
  }

  next(): Flight {
    const { videoShare, sigma, deadlineMs, leavers, poisonShare, poisonUntil, returns } = this.#workload
    const random = this.#random
    this.#at += this.#gapMs()
    const which = random.uniform()
    const isVideo = random.chance(videoShare)
    const [low, high] = isVideo ? VIDEO_MS : IMAGE_MS
    const workMs = random.between(low, high)
    const error = random.lognormal(sigma)
    const isLeaver = random.chance(leavers?.share ?? 0)
    const patienceMs = random.exponential(leavers?.meanMs ?? 1)
    const key = this.#shares.findIndex((share) => which < share)
    const costClass: CostClass = isVideo ? (workMs > LONG_VIDEO_MS ? 2 : 1) : 0
    return new Flight({
      serial: this.#serial++,
      key: key < 0 ? 0 : key,
      costClass,
      workMs,
      predictedMs: workMs * error,
      arrivedAt: this.#at,
      deadlineAt: this.#at + deadlineMs,
      leavesAt: isLeaver ? this.#at + patienceMs : Number.POSITIVE_INFINITY,
      isPoison: random.chance(poisonShare) && this.#at < poisonUntil,
      isolate: random.below(ISOLATES),
      returns,
    })
  }

  #gapMs(): number {
    const burst = this.#workload.burst
    const isBurst = burst !== null && this.#at % burst.everyMs < burst.lastsMs
    return this.#random.exponential(this.#meanGapMs / (isBurst ? burst.factor : 1))
  }
}

/** The request of a client that comes back: the same work, a new ticket and a new deadline. */
export function returning(flight: Flight, serial: number, at: number): Flight {
  const { key, costClass, workMs, predictedMs, isPoison, isolate } = flight
  const patienceMs = flight.deadlineAt - flight.arrivedAt
  return new Flight({
    serial,
    key,
    costClass,
    workMs,
    predictedMs,
    arrivedAt: at,
    deadlineAt: at + patienceMs,
    leavesAt: Number.POSITIVE_INFINITY,
    isPoison,
    isolate,
    returns: flight.returns - 1,
  })
}
