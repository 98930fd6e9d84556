/**
 * A pool's own time. Somebody may set the platform's clock while jobs wait, and then all that is due would be an hour
 * late, or over at once. So a pool counts what passes by itself, and believes no more of it than its timer allows.
 */
import type { Ambient } from '../lib/ambient.ts'

/** Of the pool's time, and of the clock that it was read from; both in milliseconds. */
export interface Reading {
  readonly now: number
  readonly wall: number
}

/** The timer of a machine that is busy is late, but not by so much. */
const LATE_MS = 10_000

/** @param dueAt when the pool's timer goes off, in its own time; undefined while none is set */
export function advance({ now, wall }: Reading, wallNow: number, dueAt: number | undefined): Reading {
  const passedMs = Math.max(0, wallNow - wall)
  const mostMs = dueAt === undefined ? passedMs : Math.max(0, dueAt - now) + LATE_MS
  return { now: now + Math.min(passedMs, mostMs), wall: wallNow }
}

export class PoolClock {
  readonly #ambient: Pick<Ambient, 'now' | 'after'>
  readonly #wake: () => void
  #reading: Reading
  #timer: { readonly at: number; cancel(): void } | undefined

  /** @param wake called when the timer goes off, which is then no more */
  constructor(ambient: Pick<Ambient, 'now' | 'after'>, wake: () => void) {
    const now = ambient.now()
    this.#ambient = ambient
    this.#wake = wake
    this.#reading = { now, wall: now }
  }

  now(): number {
    this.#reading = advance(this.#reading, this.#ambient.now(), this.#timer?.at)
    return this.#reading.now
  }

  /** Sets the one timer, or none. One that is due before is left alone: it will look again. */
  wakeAt(at: number | undefined): void {
    if (this.#timer && at !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === undefined) return
    const cancel = this.#ambient.after(at - this.#reading.now, () => {
      // Read while it is known by when it should have gone off.
      this.now()
      this.#timer = undefined
      this.#wake()
    })
    this.#timer = { at, cancel }
  }
}
