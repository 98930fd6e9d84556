/** Chance as part of the state: the same state and event always end alike. */

/** Mulberry32. Spreads pauses and hints; no secret hangs on it. */
export function draw(seed: number): readonly [value: number, seed: number] {
  const next = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(next ^ (next >>> 15), next | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return [((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32, next]
}

/** Half to all of `ms`, so that pools and clients do not march in step. */
export const jitter = (ms: number, random: number): number => ms * (0.5 + random / 2)
