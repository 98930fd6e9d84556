/** Chance that a seed repeats. */

export interface Chance {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [least, most), not rounded. */
  between(least: number, most: number): number
  pick<T>(items: readonly T[]): T
}

/** Mulberry32: 32 bits of state are enough to choose faults with. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (least, most) => least + (most - least) * next(),
    pick(items) {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('Nothing to pick from.')
      return item
    },
  }
}
