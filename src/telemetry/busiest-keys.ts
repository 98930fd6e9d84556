/**
 * Use by key, of the busiest keys lately ("space saving", Metwally et al. 2005, with fading): whoever sends more than
 * one in `MAX_KEYS` of the requests is among them. Of too many keys the least busy is added to the others, and begins
 * from nothing when it is heard of again.
 */

export const KEY_OUTCOMES = ['served', 'refused', 'failed', 'left'] as const
export type KeyOutcome = (typeof KEY_OUTCOMES)[number]

/** What a key has done, since it was last among the busiest. */
export interface KeyUse {
  /** In the order of `KEY_OUTCOMES`. */
  readonly requests: readonly number[]
  readonly megapixels: number
}

/** As they travel from Worker to pool. Ids of keys, never keys. */
export interface KeysUse {
  readonly keys: ReadonlyMap<string, KeyUse>
  readonly others: KeyUse
}

/** Changed in place, since every request changes one. */
interface Entry {
  readonly requests: number[]
  megapixels: number
  /** Requests, halved with every minute that has passed until `at`. */
  recent: number
  at: number
}

const MAX_KEYS = 50
const HALF_LIFE_MS = 60_000

const NO_USE: KeyUse = { requests: KEY_OUTCOMES.map(() => 0), megapixels: 0 }

export class BusiestKeys {
  readonly #maxKeys: number
  #keys = new Map<string, Entry>()
  #others = NO_USE

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys
  }

  add(key: string, outcome: KeyOutcome, megapixels: number, now: number): void {
    const entry = this.#entryOf(key, now)
    const at = KEY_OUTCOMES.indexOf(outcome)
    entry.requests[at] = (entry.requests[at] ?? 0) + 1
    entry.megapixels += megapixels
    entry.recent += 1
  }

  merge({ keys, others }: KeysUse, now: number): void {
    for (const [key, use] of keys) {
      const entry = this.#entryOf(key, now)
      for (const [at, count] of use.requests.entries()) {
        entry.requests[at] = (entry.requests[at] ?? 0) + count
        entry.recent += count
      }
      entry.megapixels += use.megapixels
    }
    this.#others = sum(this.#others, others)
  }

  get use(): KeysUse {
    const copyOf = ({ requests, megapixels }: Entry): KeyUse => ({ requests: [...requests], megapixels })
    return {
      keys: new Map([...this.#keys].map(([key, entry]) => [key, copyOf(entry)])),
      others: this.#others,
    }
  }

  /** What was counted since the last call. */
  take(): KeysUse {
    const { use } = this
    this.#keys = new Map()
    this.#others = NO_USE
    return use
  }

  #entryOf(key: string, now: number): Entry {
    const known = this.#keys.get(key)
    if (known) {
      known.recent = recentAt(known, now)
      known.at = now
      return known
    }
    // Whoever is new is taken to have done as much as the one it replaces, or it would be the least itself, each time.
    const entry = { requests: [...NO_USE.requests], megapixels: 0, recent: this.#makeRoom(now), at: now }
    this.#keys.set(key, entry)
    return entry
  }

  /** Drops the least busy key where there is no room for another. @returns how busy it was lately */
  #makeRoom(now: number): number {
    if (this.#keys.size < this.#maxKeys) return 0
    let least: readonly [key: string, entry: Entry, recent: number] | undefined
    for (const [key, entry] of this.#keys) {
      const recent = recentAt(entry, now)
      if (!least || recent < least[2]) least = [key, entry, recent]
    }
    if (!least) return 0
    const [key, entry, recent] = least
    this.#keys.delete(key)
    this.#others = sum(this.#others, entry)
    return recent
  }
}

const recentAt = ({ recent, at }: Entry, now: number): number =>
  now === at ? recent : recent * 0.5 ** ((now - at) / HALF_LIFE_MS)

const sum = (a: KeyUse, b: KeyUse): KeyUse => ({
  requests: a.requests.map((count, at) => count + (b.requests[at] ?? 0)),
  megapixels: a.megapixels + b.megapixels,
})
