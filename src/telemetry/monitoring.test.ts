/** What is written about metrics, for people and for machines, is true of the table. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readQuery } from '../../test/support/promql.ts'
import { PROBLEM_OF } from '../dispatch/failure.ts'
import { problemCodes } from '../errors/codes.ts'
import { KEY_OUTCOMES } from './busiest-keys.ts'
import { isMetricName, metricNames, metricOf } from './metrics.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}
interface Dashboard {
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { readonly expr: string }[] }
}
interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

const dashboard = JSON.parse(read('docs/monitoring/grafana.json')) as Dashboard
const { rules } = (parse(read('docs/monitoring/alerts.yml')) as { groups: [{ rules: Rule[] }] }).groups[0]

/** Grafana puts a duration there. */
const asQuery = (expr: string): string => expr.replaceAll('$__rate_interval', '5m')

const queries: [where: string, expr: string, text: string][] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }): [string, string, string] => [title, asQuery(expr), legendFormat]),
  ),
  ...dashboard.annotations.list.map(({ expr }): [string, string, string] => [
    'annotation',
    asQuery(expr),
    '',
  ]),
  ...rules.map(({ alert, expr, annotations }): [string, string, string] => [
    alert,
    expr,
    annotations.summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, '{{$1}}'),
  ]),
]

/** The metric of a name in a query, which may be of a part of a histogram. */
function metricIn(name: string) {
  const base = isMetricName(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
  if (!isMetricName(base)) throw new Error(`${name} is no metric`)
  if ((base === name) === (metricOf(base).type === 'histogram')) throw new Error(`${name} is no series`)
  return metricOf(base)
}

const STATES = [
  'usable',
  'slow-start',
  'ejected',
  'down',
  'cold',
  'half-open',
  'drained',
  'disabled',
  'unknown',
]
const ENDS = ['served', 'broke-off', 'client-gone', 'client-slow', 'called-off']
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  state: STATES,
  outcome: [
    ...problemCodes,
    ...ENDS,
    ...KEY_OUTCOMES,
    ...Object.keys(PROBLEM_OF),
    'flooding',
    'refused',
    'granted',
  ],
}

describe('a query', () => {
  test.each(queries)('of %s asks for metrics, labels and values that there are: %s', (_, expr, text) => {
    const { selectors, labels } = readQuery(expr)
    expect(selectors.length).toBeGreaterThan(0)
    const own = new Set(['pool', 'le'])
    for (const { name, matchers } of selectors) {
      if (name === 'up') continue
      const metric = metricIn(name)
      for (const label of metric.labels) own.add(label)
      for (const { label, isRegex, value } of matchers) {
        expect(['pool', ...metric.labels], `${label} of ${name}`).toContain(label)
        for (const alternative of isRegex ? value.split('|') : [value]) {
          const isKnown = (word: string): boolean =>
            isRegex ? new RegExp(`^(?:${alternative})$`).test(word) : word === alternative
          if (KNOWN[label]) expect(KNOWN[label].some(isKnown), `${label} ${alternative}`).toBe(true)
        }
      }
    }
    const named = [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    for (const label of [...labels, ...named]) expect([...own], label).toContain(label)
  })

  test('that is none, or asks for what there is not, is noticed', () => {
    expect(() => readQuery('sum(rate(x[5m])')).toThrow()
    expect(() => metricIn('vae_gateway_unheard_of_total')).toThrow()
    expect(() => metricIn('vae_gateway_request_duration_seconds')).toThrow()
    expect(() => metricIn('vae_gateway_requests_total_bucket')).toThrow()
  })
})

describe('the dashboard', () => {
  test('shows every metric, but for those that name builds and bugs', () => {
    const text = JSON.stringify(dashboard)
    const hidden = metricNames.filter((name) => !text.includes(name))
    expect(hidden).toEqual([
      'vae_gateway_build_info',
      'vae_gateway_admin_requests_total',
      'vae_gateway_retry_tokens',
      'vae_gateway_backend_state_since_seconds',
      'vae_gateway_backend_gap_seconds',
      'vae_gateway_backend_cold_start_seconds',
      'vae_gateway_pool_recoveries_total',
      'vae_gateway_series_dropped_total',
    ])
  })

  test('has panels of their own ids that do not overlap', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24)
  })
})

describe('the alerts', () => {
  test('have names of their own, a severity and a summary, and are explained', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^VaeGateway[A-Za-z]+$/)
      expect(['page', 'warn']).toContain(labels.severity)
      expect(annotations.summary).toMatch(/\.$/)
    }
    const guide = read('docs/operations.md')
    const explained = [...guide.matchAll(/^\| `(VaeGateway\w+)` \|/gm)].map(([, alert]) => alert)
    expect(explained).toEqual(rules.map(({ alert }) => alert))
  })
})

test('what docs/operations.md shows of a scrape is what one can show', () => {
  const guide = read('docs/operations.md')
  const lines = [...guide.matchAll(/^(vae_gateway_\w+)\{(.*)\} [\d.e+]+$/gm)]
  expect(lines.length).toBeGreaterThan(10)
  for (const [line, name = '', list = ''] of lines) {
    const labels = [...list.matchAll(/(\w+)="([^"]*)"/g)]
    expect(
      labels.map(([, label]) => label),
      line,
    ).toEqual(['pool', ...metricIn(name).labels])
    for (const [, label = '', value = ''] of labels)
      if (KNOWN[label]) expect(KNOWN[label], line).toContain(value)
  }
})

const START = '<!-- Written by src/telemetry/monitoring.test.ts from src/telemetry/metrics.ts. -->\n'
const END = '<!-- End of what is written. -->'

test('docs/operations.md has every metric of the table', async () => {
  const guide = read('docs/operations.md')
  const [before, rest = ''] = guide.split(START)
  const [, after] = rest.split(END)
  expect(after, 'the place for it').toBeDefined()
  const rows = metricNames.map((name) => {
    const { type, labels, help } = metricOf(name)
    const all = name === 'vae_gateway_build_info' ? labels : ['pool', ...labels]
    return `| \`${name}\` | ${type} | ${all.map((label) => `\`${label}\``).join(' ')} | ${help.replaceAll('|', '\\|')} |`
  })
  const table = ['| metric | type | labels | |', '| --- | --- | --- | --- |', ...rows].join('\n')
  await expect(`${before}${START}\n${table}\n\n${END}${after}`).toMatchFileSnapshot(
    `${root}docs/operations.md`,
  )
})
