/** Whether a series of measurements stays where it is. */

export interface Steadiness {
  /** Means of the second and of the last third of the samples. */
  readonly middle: number
  readonly last: number
  /** What the line of least squares through both of them gains from one to the other, as a share of the middle. */
  readonly drift: number
}

/** Samples that it takes to tell. */
const FEWEST = 15

/**
 * @param samples of a process that has filled its caches
 * @returns undefined for too few samples to tell
 */
export function steadiness(samples: readonly number[]): Steadiness | undefined {
  if (samples.length < FEWEST) return undefined
  const third = Math.floor(samples.length / 3)
  const middle = mean(samples.slice(third, 2 * third))
  const last = mean(samples.slice(2 * third))
  return { middle, last, drift: (slopeOf(samples.slice(third)) * third) / middle }
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
