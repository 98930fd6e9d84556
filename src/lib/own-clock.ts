/** A time of one's own, and the one timer that goes with it. */
import type { Ambient } from './ambient.ts'
import { advance, type Reading } from './own-time.ts'

export class OwnClock {
  readonly #source: Pick<Ambient, 'now' | 'after'>
  readonly #wake: () => void
  #reading: Reading
  #timer: { readonly at: number; cancel(): void } | undefined

  /**
   * @param source a clock that may be set, and timers that go by it
   * @param wake called when the timer goes off, which is then no more
   */
  constructor(source: Pick<Ambient, 'now' | 'after'>, wake: () => void) {
    const now = source.now()
    this.#source = source
    this.#wake = wake
    this.#reading = { now, wall: now }
  }

  now(): number {
    this.#reading = advance(this.#reading, this.#source.now(), this.#timer?.at)
    return this.#reading.now
  }

  /** Sets the one timer, or none. One that is due before is left alone: it will look again. */
  wakeAt(at: number | undefined): void {
    if (this.#timer && at !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === undefined) return
    const cancel = this.#source.after(Math.max(0, at - this.#reading.now), () => {
      // Read while it is known by when it should have gone off. It has, even if somebody set the clock back meanwhile.
      const now = Math.max(this.now(), at)
      this.#reading = { ...this.#reading, now }
      this.#timer = undefined
      this.#wake()
    })
    this.#timer = { at, cancel }
  }
}
