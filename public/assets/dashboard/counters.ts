/** Counters of the gateway as this page follows them: their sums never fall, whatever begins anew meanwhile. */
import type { Family, Sample } from '../../../src/telemetry/exposition.ts'

export interface Series extends Sample {
  /** As it was read last. */
  readonly read: number
}

export interface Counters {
  /** By name and labels; `value` is what has been added since the page began to watch. */
  readonly series: ReadonlyMap<string, Series>
  /** Pools of which something has been heard. */
  readonly pools: ReadonlySet<string>
}

export const NOTHING_COUNTED: Counters = { series: new Map(), pools: new Set() }

/**
 * What has been added since the last time. A number that has fallen began anew, with its pool's object, and all of it is
 * new; so is a series that its pool did not have before. Of a pool that is heard for the first time nothing is new: its
 * numbers are older than this page. One that is silent keeps what it had.
 */
export function advance(before: Counters, families: readonly Family[]): Counters {
  const series = new Map(before.series)
  const pools = new Set(before.pools)
  for (const { type, samples } of families) {
    if (type === 'gauge') continue
    for (const { name, labels, value } of samples) {
      const key = `${name} ${Object.values(labels).join('\n')}`
      const known = before.series.get(key)
      const pool = labels.pool ?? ''
      const base = known ? (value >= known.read ? known.read : 0) : before.pools.has(pool) ? 0 : value
      series.set(key, { name, labels, value: (known?.value ?? 0) + value - base, read: value })
      pools.add(pool)
    }
  }
  return { series, pools }
}

/** Which values a series must have for these labels. */
export type Labels = Readonly<Record<string, string>>

const fits = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

/** What was added between two moments. */
export class Increase {
  /** That lie between them. */
  readonly seconds: number
  readonly #byName = new Map<string, Sample[]>()

  constructor(before: Counters, after: Counters, seconds: number) {
    this.seconds = seconds
    for (const [key, { name, labels, value }] of after.series) {
      const added = value - (before.series.get(key)?.value ?? 0)
      const list = this.#byName.get(name)
      if (list) list.push({ name, labels, value: added })
      else this.#byName.set(name, [{ name, labels, value: added }])
    }
  }

  /** Each series of a counter, or of a part of a histogram. */
  of(name: string, labels: Labels = {}): readonly Sample[] {
    return (this.#byName.get(name) ?? []).filter((sample) => fits(sample.labels, labels))
  }

  total(name: string, labels: Labels = {}): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  /** The sum by the values of one label. */
  by(name: string, label: string, labels: Labels = {}): Map<string, number> {
    const sums = new Map<string, number>()
    for (const sample of this.of(name, labels)) {
      const value = sample.labels[label] ?? ''
      sums.set(value, (sums.get(value) ?? 0) + sample.value)
    }
    return sums
  }
}
