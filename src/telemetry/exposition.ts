/** Prometheus' text format, version 0.0.4. */
import { KEY_OUTCOMES, type KeysUse } from './busiest-keys.ts'
import type { Count, Tally } from './counts.ts'
import {
  isMetricName,
  type LabelValues,
  type MetricName,
  type MetricType,
  metricNames,
  metricOf,
} from './metrics.ts'

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** One line of the text; the name is that of the metric, or with `_bucket`, `_sum` or `_count` a part of it. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** All that is known of a metric. */
export interface Family {
  readonly name: MetricName
  readonly type: MetricType
  readonly help: string
  readonly samples: readonly Sample[]
}

/** A number of a metric, with the values of its labels. */
export type Reading<Name extends MetricName = MetricName> = readonly [
  name: Name,
  labels: readonly string[],
  value: Count,
]

/** A reading whose labels are those of its metric. */
export const reading = <Name extends MetricName>(
  name: Name,
  labels: LabelValues<Name>,
  value: number,
): Reading => [name, labels as readonly string[], value]

export const readingsOf = (tally: Tally): Reading[] =>
  [...tally].flatMap(([name, series]) =>
    isMetricName(name)
      ? [...series].map(([key, count]): Reading => [name, key === '' ? [] : key.split('\n'), count])
      : [],
  )

/** The key of all that are not among the busiest. */
const OTHERS = 'other'

export const readingsOfKeys = ({ keys, others }: KeysUse): Reading[] =>
  [...keys, [OTHERS, others] as const].flatMap(([key, { requests, megapixels }]) => [
    ...KEY_OUTCOMES.map((outcome, at) =>
      reading('vae_gateway_key_requests_total', [key, outcome], requests[at] ?? 0),
    ),
    reading('vae_gateway_key_megapixels_total', [key], megapixels),
  ])

/** Readings of one source, all with the same labels in front of their own. */
export interface Source {
  readonly labels: Readonly<Record<string, string>>
  readonly readings: readonly Reading[]
}

/** Every metric that somebody has a reading of, in the order of the table. */
export function familiesOf(sources: readonly Source[]): Family[] {
  const samples = new Map<MetricName, Sample[]>()
  for (const { labels, readings } of sources) {
    for (const [name, values, count] of readings) {
      const list = samples.get(name) ?? []
      samples.set(name, list)
      const own = metricOf(name).labels.map((label, at) => [label, values[at] ?? ''] as const)
      list.push(...samplesOf(name, { ...labels, ...Object.fromEntries(own) }, count))
    }
  }
  return metricNames.flatMap((name) => {
    const found = samples.get(name)
    const { type, help } = metricOf(name)
    return found ? [{ name, type, help, samples: found }] : []
  })
}

function samplesOf(name: MetricName, labels: Sample['labels'], count: Count): Sample[] {
  if (typeof count === 'number') return [{ name, labels, value: count }]
  const { buckets = [] } = metricOf(name)
  let below = 0
  const bounds = [...buckets.map(String), '+Inf'].map((le, at) => {
    below += count[at] ?? 0
    return { name: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...bounds,
    { name: `${name}_sum`, labels, value: count[buckets.length + 1] ?? 0 },
    { name: `${name}_count`, labels, value: below },
  ]
}

export function exposition(families: readonly Family[]): string {
  const lines: string[] = []
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`)
    for (const sample of samples) lines.push(formatSample(sample))
  }
  return `${lines.join('\n')}\n`
}

function formatSample({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${formatNumber(value)}`
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
