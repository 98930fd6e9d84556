/**
 * Chance from one integer: a stream per purpose, so that a draw more in one place changes nothing in another and
 * every policy meets the same arrivals (common random numbers).
 */

const TO_UNIT = 2 ** -32

/** Finaliser of MurmurHash3: every bit of the input changes half of the output's. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/**
 * Chance that depends on what it is for and not on when it is asked for: the same attempt of the same request at the
 * same backend has the same luck under every policy.
 *
 * @returns uniform in [0, 1)
 */
export function luckOf(seed: number, a: number, b: number, c: number): number {
  let h = mix(seed + 0x9e3779b9)
  h = mix((h ^ a) + 0x7f4a7c15)
  h = mix((h ^ Math.imul(b, 0x9e3779b1)) + 0x1b873593)
  h = mix((h ^ Math.imul(c, 0x85ebca77)) + 0x2545f491)
  return (h >>> 0) * TO_UNIT
}

/** sfc32: small, fast, passes PractRand. */
export class RandomStream {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, purpose: string) {
    this.#a = mix(seed)
    this.#b = hashText(purpose)
    this.#c = mix(seed ^ this.#b)
    for (let i = 0; i < 12; i++) this.uniform()
  }

  /** In [0, 1). */
  uniform(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return (t >>> 0) * TO_UNIT
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** In 0 .. n - 1. */
  below(n: number): number {
    return Math.floor(n * this.uniform())
  }

  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform())
  }

  /** Mean 0, standard deviation 1 (Box-Muller, always two draws). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Median 1. */
  lognormal(sigma: number): number {
    return Math.exp(sigma * this.normal())
  }
}

/** The stream of a purpose; the same for the same two. */
export const streamOf = (seed: number, purpose: string): RandomStream => new RandomStream(seed, purpose)
