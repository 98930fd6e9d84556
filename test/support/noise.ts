/** Chance from a seed. */

/**
 * Numbers in [0, 1), the same ones for the same seed. Mulberry32: small, and good enough that a million normal numbers of it
 * have mean 0 and deviation 1.
 */
export function uniformNoise(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Standard normal numbers from a seed, as diffusion starts from them. */
export function normalNoise(seed: number, count: number): Float32Array<ArrayBuffer> {
  const uniform = uniformNoise(seed)
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}
