/** What happened to the requests of a run. Nothing is kept of a single one. */
import { COST_CLASSES, type Flight, isImage } from '../model/flight.ts'
import { jainIndex, maxMinShares } from './fairness.ts'
import { Sample } from './sample.ts'
import type { Summary } from './summary.ts'

export type Ending = 'served' | 'rejected' | 'failed' | 'left'

/** Who is refused after this had been let in before. */
const ADMITTED_AFTER_MS = 1_000

export class Recorder {
  readonly waits = new Sample()
  readonly imageWaits = new Sample()
  readonly latencies = new Sample()
  readonly rejections = new Sample()
  readonly lightWaits = new Sample()
  readonly #warmUpMs: number
  readonly #heavyKey: number
  readonly #counts: Record<Ending, number> = { served: 0, rejected: 0, failed: 0, left: 0 }
  readonly #why = new Map<string, number>()
  readonly #offeredOfKey: number[]
  readonly #servedOfKey: number[]
  readonly #offeredOfClass = COST_CLASSES.map(() => 0)
  readonly #rejectedOfClass = COST_CLASSES.map(() => 0)
  #requests = 0
  #attempts = 0
  #tried = 0
  #faultyFirsts = 0
  #servedMs = 0
  #lightRejected = 0
  #blameless = 0
  #late = 0

  /**
   * @param warmUpMs requests that arrive before are not counted
   * @param heavyKey the key that asks for more than its share; -1: none
   */
  constructor(keys: number, warmUpMs: number, heavyKey: number) {
    this.#offeredOfKey = new Array<number>(keys).fill(0)
    this.#servedOfKey = new Array<number>(keys).fill(0)
    this.#warmUpMs = warmUpMs
    this.#heavyKey = heavyKey
  }

  arrived(flight: Flight): void {
    if (this.#isEarly(flight)) return
    this.#requests++
    this.#offeredOfKey[flight.key] = (this.#offeredOfKey[flight.key] ?? 0) + flight.workMs
    this.#offeredOfClass[flight.costClass] = (this.#offeredOfClass[flight.costClass] ?? 0) + 1
  }

  /** @param isFaulty whether something is wrong with the backend it goes to */
  attempted(flight: Flight, isFaulty: boolean): void {
    if (this.#isEarly(flight)) return
    this.#attempts++
    if (flight.attempts > 1) return
    this.#tried++
    if (isFaulty) this.#faultyFirsts++
  }

  served(flight: Flight, waitMs: number, now: number): void {
    if (this.#isEarly(flight)) return
    this.waits.add(waitMs)
    if (isImage(flight)) this.imageWaits.add(waitMs)
    if (flight.key !== this.#heavyKey) this.lightWaits.add(waitMs)
    this.latencies.add(now - flight.arrivedAt)
    this.#servedMs += flight.workMs
    this.#servedOfKey[flight.key] = (this.#servedOfKey[flight.key] ?? 0) + flight.workMs
  }

  ended(flight: Flight, how: Ending, why: string, now: number): void {
    if (this.#isEarly(flight)) return
    this.#counts[how]++
    if (how === 'served' || how === 'left') return
    this.#why.set(why, (this.#why.get(why) ?? 0) + 1)
    if (!flight.isPoison) this.#blameless++
    if (flight.key !== this.#heavyKey) this.#lightRejected++
    const isAtOnce = how === 'rejected' && now - flight.arrivedAt < ADMITTED_AFTER_MS
    if (!isAtOnce) this.#late++
    if (how === 'failed') return
    if (isAtOnce) this.rejections.add(now - flight.arrivedAt)
    this.#rejectedOfClass[flight.costClass] = (this.#rejectedOfClass[flight.costClass] ?? 0) + 1
  }

  /**
   * @param capacity decode time that all backends do in a unit of time
   * @param idleMs GPU time that went by idle while somebody waited
   */
  summary(now: number, capacity: number, slots: number, idleMs: number): Summary {
    const spanMs = now - this.#warmUpMs
    const offeredMs = this.#offeredOfKey.reduce((sum, own) => sum + own, 0)
    const fair = maxMinShares(this.#offeredOfKey, capacity * spanMs)
    const satisfaction = fair.flatMap((share, key) =>
      share > 0 ? [Math.min(1, (this.#servedOfKey[key] ?? 0) / share)] : [],
    )
    return {
      requests: this.#requests,
      ...this.#counts,
      blameless: this.#blameless,
      why: Object.fromEntries(this.#why),
      meanWaitMs: this.waits.mean,
      waitMs: quantiles(this.waits),
      imageWaitP99Ms: this.imageWaits.quantile(0.99),
      latencyMs: { mean: this.latencies.mean, ...quantiles(this.latencies) },
      goodput: this.#servedMs / Math.min(offeredMs, capacity * spanMs),
      rejectionP99Ms: this.rejections.quantile(0.99),
      late: this.#late,
      rejectedShares: this.#rejectedOfClass.map((count, index) => count / (this.#offeredOfClass[index] || 1)),
      jain: jainIndex(satisfaction),
      light: { refused: this.#lightRejected, waitP99Ms: this.lightWaits.quantile(0.99) },
      amplification: this.#tried === 0 ? 1 : this.#attempts / this.#tried,
      faultyFirstShare: this.#tried === 0 ? 0 : this.#faultyFirsts / this.#tried,
      idleShare: idleMs / (slots * spanMs),
    }
  }

  #isEarly({ arrivedAt }: Flight): boolean {
    return arrivedAt < this.#warmUpMs
  }
}

const quantiles = (sample: Sample): { p50: number; p99: number; p999: number } => ({
  p50: sample.quantile(0.5),
  p99: sample.quantile(0.99),
  p999: sample.quantile(0.999),
})
