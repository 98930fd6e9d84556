/** Numbers that only go up, by metric and the values of its labels. */
import {
  type CounterName,
  type HistogramName,
  isMetricName,
  type LabelValues,
  type MetricName,
  metricOf,
} from './metrics.ts'

/** Of a histogram: how many fell into each bucket, into none of them, and their sum. */
export type Count = number | readonly number[]

/** Counts as they travel from Worker to pool: by metric, and the values of its labels joined by line feeds. */
export type Tally = ReadonlyMap<string, ReadonlyMap<string, Count>>

/** More than models times outcomes of any configuration; labels hold ids and enums, so this is a second net. */
const MAX_SERIES = 4_000

const DROPPED = 'vae_gateway_series_dropped_total'

export class Counts {
  readonly #maxSeries: number
  #series = new Map<string, Map<string, number | number[]>>()

  constructor(maxSeries = MAX_SERIES) {
    this.#maxSeries = maxSeries
  }

  add<Name extends CounterName>(name: Name, labels: LabelValues<Name>, by = 1): void {
    const series = this.#of(name)
    const key = keyOf(labels)
    const before = series.get(key) as number | undefined
    if (before === undefined && series.size >= this.#maxSeries) this.#drop(name)
    else series.set(key, (before ?? 0) + by)
  }

  /** @param value in the unit of the metric's name */
  observe<Name extends HistogramName>(name: Name, labels: LabelValues<Name>, value: number): void {
    const { buckets = [] } = metricOf(name)
    const series = this.#of(name)
    const key = keyOf(labels)
    let counts = series.get(key) as number[] | undefined
    if (!counts) {
      if (series.size >= this.#maxSeries) {
        this.#drop(name)
        return
      }
      counts = new Array<number>(buckets.length + 2).fill(0)
      series.set(key, counts)
    }
    const at = buckets.findIndex((bound) => value <= bound)
    const bucket = at < 0 ? buckets.length : at
    counts[bucket] = (counts[bucket] ?? 0) + 1
    counts[buckets.length + 1] = (counts[buckets.length + 1] ?? 0) + value
  }

  /** What another has counted. Metrics that are not known here are another release's. */
  merge(tally: Tally): void {
    for (const [name, theirs] of tally) {
      if (!isMetricName(name)) continue
      const ours = this.#of(name)
      for (const [key, count] of theirs) {
        const sum = sumOf(ours.get(key), count, shapeOf(name))
        if (sum === undefined) continue
        if (!ours.has(key) && ours.size >= this.#maxSeries) this.#drop(name)
        else ours.set(key, sum)
      }
    }
  }

  /** What was counted since the last call; nothing is counted twice. */
  take(): Tally {
    const taken = this.#series
    this.#series = new Map()
    return taken
  }

  get tally(): Tally {
    return this.#series
  }

  get isEmpty(): boolean {
    return this.#series.size === 0
  }

  #of(name: MetricName): Map<string, number | number[]> {
    let series = this.#series.get(name)
    if (!series) {
      series = new Map()
      this.#series.set(name, series)
    }
    return series
  }

  #drop(name: MetricName): void {
    if (name === DROPPED) return
    this.add(DROPPED, [name])
  }
}

const keyOf = (labels: readonly string[]): string => {
  const [only = ''] = labels
  return labels.length < 2 ? only : labels.join('\n')
}

/** Numbers in a count of the metric; undefined for a plain one. */
const shapeOf = (name: MetricName): number | undefined => {
  const { type, buckets = [] } = metricOf(name)
  return type === 'histogram' ? buckets.length + 2 : undefined
}

/** Undefined for what is of another release's shape. */
function sumOf(ours: number | number[] | undefined, theirs: Count, shape: number | undefined) {
  if (typeof theirs === 'number') return shape === undefined ? ((ours as number) ?? 0) + theirs : undefined
  if (shape !== theirs.length) return undefined
  const before = ours as number[] | undefined
  return theirs.map((count, at) => (before?.[at] ?? 0) + count)
}
