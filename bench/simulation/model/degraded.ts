/** What a Worker does while the pool is out of reach: power of two choices on what its own isolate has in flight. */
import type { RandomStream } from '../engine/random.ts'
import type { Flight } from './flight.ts'

/** No answer for so long means that the pool is out of reach. */
export const SILENCE_MS = 1_500
/** The pool is asked again after this, and after twice as long each time. */
const PAUSE_MS = 2_000
const MAX_PAUSE_MS = 30_000

export class DegradedMode {
  readonly #random: RandomStream
  readonly #backends: number
  readonly #inFlight = new Map<number, number[]>()
  readonly #until = new Map<number, { at: number; pauseMs: number }>()

  constructor(backends: number, random: RandomStream) {
    this.#backends = backends
    this.#random = random
  }

  /** Whether this isolate knows that the pool does not answer. */
  isOn(isolate: number, now: number): boolean {
    return (this.#until.get(isolate)?.at ?? 0) > now
  }

  /** The pool has kept silent. */
  begin(isolate: number, now: number): void {
    if (this.isOn(isolate, now)) return
    const pauseMs = Math.min(MAX_PAUSE_MS, 2 * (this.#until.get(isolate)?.pauseMs ?? PAUSE_MS / 2))
    this.#until.set(isolate, { at: now + pauseMs, pauseMs })
  }

  /** The pool has answered. */
  end(isolate: number): void {
    this.#until.delete(isolate)
  }

  /** @returns undefined when all backends are excluded */
  choose({ isolate, excluded }: Flight): number | undefined {
    const counts = this.#countsOf(isolate)
    const allowed = counts.flatMap((_, index) => (excluded.includes(index) ? [] : [index]))
    const one = allowed[this.#random.below(allowed.length)]
    const other = allowed[this.#random.below(allowed.length)]
    if (one === undefined || other === undefined) return undefined
    return (counts[one] ?? 0) <= (counts[other] ?? 0) ? one : other
  }

  sent(isolate: number, backend: number): void {
    this.#add(isolate, backend, 1)
  }

  settled(isolate: number, backend: number): void {
    this.#add(isolate, backend, -1)
  }

  #add(isolate: number, backend: number, by: number): void {
    const counts = this.#countsOf(isolate)
    counts[backend] = (counts[backend] ?? 0) + by
  }

  #countsOf(isolate: number): number[] {
    const known = this.#inFlight.get(isolate)
    if (known) return known
    const fresh = new Array<number>(this.#backends).fill(0)
    this.#inFlight.set(isolate, fresh)
    return fresh
  }
}
