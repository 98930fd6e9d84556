/** Whether a series of measurements stays where it is. */

export interface Steadiness {
  /** Of the second and of the last third of what comes after the warm-up. */
  readonly middle: number
  readonly last: number
  /** Least-squares slope per sample. */
  readonly slope: number
  /** What the slope adds over the samples, as a share of the middle. */
  readonly drift: number
}

/** The first of the samples are those of a process that is still filling its caches. */
const WARM_UP = 0.25

/** @returns undefined for too few samples to tell */
export function steadiness(samples: readonly number[]): Steadiness | undefined {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP))
  if (warm.length < 30) return undefined
  const third = Math.floor(warm.length / 3)
  const middle = mean(warm.slice(third, 2 * third))
  const last = mean(warm.slice(2 * third))
  const slope = slopeOf(warm)
  return { middle, last, slope, drift: (slope * warm.length) / middle }
}

export const mean = (samples: readonly number[]): number =>
  samples.reduce((sum, sample) => sum + sample, 0) / samples.length

/** Of the line through the samples that has the least squares of distances. */
export function slopeOf(samples: readonly number[]): number {
  const centre = (samples.length - 1) / 2
  const average = mean(samples)
  const numerator = samples.reduce((sum, sample, i) => sum + (i - centre) * (sample - average), 0)
  const denominator = samples.reduce((sum, _, i) => sum + (i - centre) ** 2, 0)
  return numerator / denominator
}
