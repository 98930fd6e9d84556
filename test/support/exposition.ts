/**
 * Reads Prometheus' text format 0.0.4 and takes nothing that a scrape would not:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Scraped {
  readonly series: readonly Series[]
  readonly types: ReadonlyMap<string, string>
  /** The sum of a metric's series that have these labels. */
  total(name: string, labels?: Readonly<Record<string, string>>): number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/i

/** @throws what is wrong with the text */
export function readExposition(text: string): Scraped {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const closed = new Set<string>()
  const series: Series[] = []
  const seen = new Set<string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line)
    if (comment) {
      const [, kind, name = '', rest = ''] = comment
      if (name !== family) {
        if (closed.has(name)) throw new Error(`${name} is in two places`)
        closed.add(name)
        family = name
      }
      if (kind === 'HELP') {
        if (helped.has(name)) throw new Error(`${name} has two helps`)
        if (/\\[^\\n]|\\$/.test(rest.replaceAll('\\\\', '')))
          throw new Error(`${name}: bad escape in its help`)
        helped.add(name)
        continue
      }
      if (types.has(name)) throw new Error(`${name} has two types`)
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`${name} is a ${rest}`)
      types.set(name, rest)
      continue
    }
    const sample = readSample(line)
    const base =
      types.get(family) === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
    if (base !== family || !helped.has(family) || !types.has(family)) throw new Error(`out of place: ${line}`)
    const identity = identityOf(sample.name, sample.labels)
    if (seen.has(identity)) throw new Error(`twice: ${line}`)
    seen.add(identity)
    series.push(sample)
  }
  for (const [name, type] of types) {
    const own = series.filter(
      (one) => one.name.replace(/_(bucket|sum|count)$/, '') === name || one.name === name,
    )
    if (own.length === 0) throw new Error(`${name} has no series`)
    if (type === 'counter') checkCounter(name, own)
    if (type === 'histogram') checkHistogram(name, own)
  }
  return {
    series,
    types,
    total: (name, labels = {}) =>
      series
        .filter(
          (one) =>
            one.name === name &&
            Object.entries(labels).every(([label, value]) => one.labels[label] === value),
        )
        .reduce((sum, { value }) => sum + value, 0),
  }
}

export const identityOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, ...Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])

function readSample(line: string): Series {
  const [, name = '', list = '', number = ''] = SAMPLE.exec(line) ?? []
  if (name === '') throw new Error(`not a sample: ${line}`)
  if (!NUMBER.test(number)) throw new Error(`not a number: ${line}`)
  const labels: Record<string, string> = {}
  let rest = list
  while (rest !== '') {
    const [all, label, value] = LABEL.exec(rest) ?? []
    if (all === undefined || label === undefined || value === undefined)
      throw new Error(`bad labels: ${line}`)
    if (label in labels || label.startsWith('__')) throw new Error(`bad label ${label}: ${line}`)
    labels[label] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    rest = rest.slice(all.length)
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

function checkCounter(name: string, series: readonly Series[]): void {
  if (!name.endsWith('_total')) throw new Error(`a counter is called ${name}`)
  for (const { value } of series) if (!(value >= 0)) throw new Error(`${name} is ${value}`)
}

function checkHistogram(name: string, series: readonly Series[]): void {
  const groups = new Map<string, Series[]>()
  for (const one of series) {
    const { le: _, ...labels } = one.labels
    const identity = identityOf(name, labels)
    groups.set(identity, [...(groups.get(identity) ?? []), one])
  }
  for (const [identity, group] of groups) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')))
    const isRising = (numbers: readonly number[]): boolean =>
      numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0))
    const count = group.find((one) => one.name === `${name}_count`)?.value
    const hasSum = group.some((one) => one.name === `${name}_sum`)
    if (!hasSum || bounds.at(-1) !== Number.POSITIVE_INFINITY || buckets.at(-1)?.value !== count)
      throw new Error(`half a histogram: ${identity}`)
    if (!isRising(bounds) || !isRising(buckets.map(({ value }) => value)))
      throw new Error(`buckets do not rise: ${identity}`)
  }
}
