/** The time of a key's object. It stands still when the machine's clock is set back, so that callers say what time it is. */
import { advance, type Reading, UNSEEN_MS } from '../lib/own-time.ts'
import { isStuck } from '../lib/stuck-clock.ts'
import type { Times } from './account.ts'

export class KeyClock {
  readonly #wallNow: () => number
  #reading: Reading
  #own: number
  /** What callers say while the object's own time stands still. */
  #told: number | undefined

  constructor(wallNow: () => number) {
    const wall = wallNow()
    this.#wallNow = wallNow
    this.#own = wall
    this.#reading = { now: wall, wall }
  }

  get isStuck(): boolean {
    return this.#told !== undefined
  }

  /**
   * A clock that was set back counts as a minute that is over: no key waits longer for its own.
   *
   * @param callers the time of the caller, where one says
   */
  read(callers?: number): Times {
    const own = this.#wallNow()
    if (isStuck(own, callers)) this.#told = callers
    else if (callers !== undefined || own !== this.#own) this.#told = undefined
    this.#own = own
    this.#reading = advance(this.#reading, this.#told ?? own, undefined, UNSEEN_MS)
    return this.#reading
  }
}
