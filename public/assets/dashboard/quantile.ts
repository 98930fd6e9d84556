import type { Increase, Labels } from './counters.ts'

/**
 * A quantile of a histogram, as Prometheus estimates it: linear inside a bucket, and for what is beyond all bounds the
 * last of them.
 * @param share 0 to 1
 * @returns in the unit of the histogram; null where nothing was observed
 */
export function quantile(
  increase: Increase,
  name: string,
  share: number,
  labels: Labels = {},
): number | null {
  const buckets = [...increase.by(`${name}_bucket`, 'le', labels)]
    .map(([le, count]) => ({ bound: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count }))
    .sort((a, b) => a.bound - b.bound)
  const rank = share * (buckets.at(-1)?.count ?? 0)
  if (rank === 0) return null
  let below = { bound: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.bound === Number.POSITIVE_INFINITY) return below.bound
      const within = (rank - below.count) / (bucket.count - below.count)
      return below.bound + (bucket.bound - below.bound) * within
    }
    below = bucket
  }
  return null
}
