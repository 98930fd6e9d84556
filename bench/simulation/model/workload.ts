/** Who asks for what, and when. Every draw is made at the arrival, so all policies meet the same requests. */
import { type Curve, gpu, noisy, usualMs } from '../../curves.ts'
import { streamOf } from '../engine/random.ts'
import type { CostClass, Flight } from './flight.ts'
import { type Order, orderOf } from './order.ts'

export interface Workload {
  /** Arrivals until the end of the run. */
  readonly requests: number
  /** Offered decode time over the capacity of all backends together, per key. */
  readonly loadOfKeys: readonly number[]
  readonly videoShare: number
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

/** The backend that others are measured by. */
export const REFERENCE: Curve = gpu(3070)

/** Mean of a log-logistic factor whose logarithm has this deviation. */
function meanFactor(sigma: number): number {
  const angle = sigma * Math.sqrt(3)
  return angle === 0 ? 1 : angle / Math.sin(angle)
}

/** So many times slower than the reference, with noise that leaves the mean as it is. */
export function backendCurve(slowness: number, sigma: number): Curve {
  const noise = sigma === 0 ? REFERENCE : noisy(REFERENCE, sigma)
  const factor = slowness / meanFactor(sigma)
  return { name: `${noise.name}, ${slowness}x`, decodeMs: (work) => factor * noise.decodeMs(work) }
}

/** Images of 45 to 234 ms on the reference, videos of 1 to 10 s. */
const IMAGES: readonly Order[] = [256, 320, 384, 448, 512, 576, 640].map((side) =>
  orderOf({ width: side, height: side, frames: 1 }),
)
const VIDEOS: readonly Order[] = [5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45, 49, 53].map((frames) =>
  orderOf({ width: 832, height: 480, frames }),
)
const LONG_VIDEO_MS = 5_500
const ISOLATES = 16

const workOf = ({ size }: Order): number => usualMs(REFERENCE, size)
const mean = (orders: readonly Order[]): number =>
  orders.reduce((sum, order) => sum + workOf(order), 0) / orders.length

export const meanWorkMs = (videoShare: number): number =>
  (1 - videoShare) * mean(IMAGES) + videoShare * mean(VIDEOS)

/** Decode times of the images of the mix on the reference, all of them as likely. */
export const IMAGE_WORK_MS: readonly number[] = IMAGES.map(workOf)

/** What is asked for. @param luck uniform in [0, 1) */
export function pickOrder(isVideo: boolean, luck: number): Pick<Flight, 'order' | 'workMs' | 'costClass'> {
  const orders = isVideo ? VIDEOS : IMAGES
  const order = orders[Math.floor(luck * orders.length)] as Order
  const workMs = workOf(order)
  const costClass: CostClass = isVideo ? (workMs > LONG_VIDEO_MS ? 2 : 1) : 0
  return { order, workMs, costClass }
}

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
    const { videoShare, deadlineMs, leavers, poisonShare, poisonUntil, returns } = this.#workload
    const random = this.#random
    this.#at += this.#gapMs()
    const which = random.uniform()
    const asked = pickOrder(random.chance(videoShare), random.uniform())
    const isLeaver = random.chance(leavers?.share ?? 0)
    const patienceMs = random.exponential(leavers?.meanMs ?? 1)
    const key = this.#shares.findIndex((share) => which < share)
    return {
      ...asked,
      serial: this.#serial++,
      key: key < 0 ? 0 : key,
      arrivedAt: this.#at,
      deadlineMs,
      saysDeadline: true,
      leavesAt: isLeaver ? this.#at + patienceMs : Number.POSITIVE_INFINITY,
      isPoison: random.chance(poisonShare) && this.#at < poisonUntil,
      isolate: random.below(ISOLATES),
      returns,
      attempts: 0,
    }
  }

  #gapMs(): number {
    const burst = this.#workload.burst
    const isBurst = burst !== null && this.#at % burst.everyMs < burst.lastsMs
    return this.#random.exponential(this.#meanGapMs / (isBurst ? burst.factor : 1))
  }
}

/** The request of a client that comes back: the same work, a new ticket and a new deadline. */
export const returning = (flight: Flight, serial: number, at: number): Flight => ({
  ...flight,
  serial,
  arrivedAt: at,
  leavesAt: Number.POSITIVE_INFINITY,
  returns: flight.returns - 1,
  attempts: 0,
})
