/**
 * Wrong admin tokens, so that guessing is slow. A token that is right is never held up, whoever guesses beside it and from where:
 * each is compared, and what guessing costs is the wait for the answer to a wrong one. The isolate counts for itself.
 */
import { ExpiringMap } from '../lib/expiring-map.ts'

const WINDOW_MS = 60_000

/** Of one address, or of all where nobody says who is who: somebody mistypes, a scraper has the old token. */
const FREE_PER_ADDRESS = 10
/** Of all addresses together. */
const FREE = 100

export const HELD_MS = 1_000
/** Answers that wait at a time, in some kilobytes each; of more the connections are what bounds them. */
const MAX_HELD = 1_000

/** Addresses that are counted apart. */
const MAX_ADDRESSES = 1_000

export class Guesses {
  readonly #byAddress = new ExpiringMap<{ count: number }>(MAX_ADDRESSES)
  readonly #held = new ExpiringMap<true>(MAX_HELD)
  #all = { count: 0, until: 0 }
  #serial = 0

  /**
   * Counts a wrong token.
   *
   * @param address where it came from; undefined where nobody says
   * @returns how long its answer waits, in milliseconds
   */
  note(address: string | undefined, now: number): number {
    if (now >= this.#all.until) this.#all = { count: 0, until: now + WINDOW_MS }
    this.#all.count++
    const name = address ?? ''
    const own = this.#byAddress.get(name, now) ?? { count: 0 }
    if (own.count === 0) this.#byAddress.set(name, own, now + WINDOW_MS)
    own.count++
    if (own.count <= FREE_PER_ADDRESS && this.#all.count <= FREE) return 0
    // Those whose wait is over are forgotten by the look.
    this.#held.get('', now)
    if (this.#held.size >= MAX_HELD) return 0
    this.#held.set(`${++this.#serial}`, true, now + HELD_MS)
    return HELD_MS
  }
}
