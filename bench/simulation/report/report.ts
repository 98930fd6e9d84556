/** What a run of the simulator prints. */
import type { Results } from '../gate/results.ts'
import { CORE, WITHOUT_HEDGES } from '../gate/task.ts'
import type { Verdict } from '../gate/verdicts.ts'
import type { Summary } from '../metrics/summary.ts'
import { rowsOf } from '../scenarios/single-fault.ts'
import { REFERENCE } from '../scenarios/standard.ts'
import { fieldTable } from './field-table.ts'
import { ms, percent, table } from './table.ts'

export function report(results: Results): string {
  const parts: string[] = []
  const reference = results.standard.get(REFERENCE)
  if (reference) parts.push(`8 equal backends, mixed, 70 % load; waits in ms`, policyTable(reference))
  if (results.standard.size > 0)
    parts.push(`All scenarios, ${CORE}; in brackets the best baseline`, scenarioTable(results))
  if (results.standard.size > 0)
    parts.push(`What hedges are worth: latency in ms, with and without`, hedgeTable(results))
  if (results.faults.size > 0) parts.push('One fault at a time, on one of 4 backends', faultTable(results))
  if (results.field.size > 0)
    parts.push("The field suite's scenarios, in virtual time", fieldTable(results.field))
  return parts.join('\n\n')
}

function hedgeTable({ standard }: Results): string {
  const rows = [...standard].flatMap(([name, summaries]) => {
    const [own, without] = [summaries.get(CORE), summaries.get(WITHOUT_HEDGES)]
    if (!own || !without) return []
    const both = (figure: (summary: Summary) => number): string =>
      `${ms(figure(own))} (${ms(figure(without))})`
    return [
      [
        name,
        both(({ latencyMs }) => latencyMs.mean),
        both(({ latencyMs }) => latencyMs.p99),
        both(({ latencyMs }) => latencyMs.p999),
        `${own.amplification.toFixed(3)} (${without.amplification.toFixed(3)})`,
      ],
    ]
  })
  return table(['scenario', 'mean', 'p99', 'p99.9', 'attempts'], rows)
}

export function policyTable(summaries: ReadonlyMap<string, Summary>): string {
  const rows = [...summaries].map(([name, own]) => [
    name,
    ms(own.meanWaitMs),
    ms(own.waitMs.p50),
    ms(own.waitMs.p99),
    ms(own.waitMs.p999),
    ms(own.imageWaitP99Ms),
    percent(own.goodput),
    percent(own.idleShare),
  ])
  return table(['policy', 'mean', 'p50', 'p99', 'p99.9', 'image p99', 'goodput', 'idle'], rows)
}

function scenarioTable({ standard }: Results): string {
  const rows = [...standard].map(([name, summaries]) => {
    const own = summaries.get(CORE)
    const others = [...summaries].flatMap(([policy, summary]) =>
      policy === CORE || policy === WITHOUT_HEDGES ? [] : [summary],
    )
    const bracket = (figure: (summary: Summary) => number, pick: (...values: number[]) => number): string =>
      others.length > 0 ? ` (${ms(pick(...others.filter(isServing).map(figure)))})` : ''
    if (!own) return [name]
    return [
      name,
      ms(own.meanWaitMs) + bracket((summary) => summary.meanWaitMs, Math.min),
      ms(own.imageWaitP99Ms) + bracket((summary) => summary.imageWaitP99Ms, Math.min),
      ms(own.latencyMs.p99) + bracket((summary) => summary.latencyMs.p99, Math.min),
      percent(own.goodput),
      percent(own.rejected / own.requests),
      own.failed,
      own.amplification.toFixed(3),
    ]
  })
  return table(
    ['scenario', 'mean wait', 'image p99', 'latency p99', 'goodput', 'refused', 'failed', 'attempts'],
    rows,
  )
}

/** One that answers next to nobody has no waits worth comparing with. */
const isServing = ({ goodput }: Summary): boolean => goodput >= 0.9

function faultTable({ faults }: Results): string {
  const rows = [...faults].map(([name, own]) => [
    name,
    rowsOf(name),
    own.requests,
    own.blameless,
    ms(own.waitMs.p99),
    own.amplification.toFixed(4),
    percent(own.faultyFirstShare, 3),
    Object.entries(own.why)
      .map(([why, count]) => `${why} ${count}`)
      .join(' '),
  ])
  return table(['fault', 'rows', 'requests', 'failed', 'wait p99', 'attempts', 'on faulty', 'ended by'], rows)
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ promise, isKept, figure }) => `${isKept ? 'PASS' : 'FAIL'}  ${promise.padEnd(62)} ${figure}`)
    .join('\n')
}
