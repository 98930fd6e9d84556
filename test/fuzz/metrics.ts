/** Names that get into `/metrics`, whatever they are. */
import fc from 'fast-check'
import { Counts } from '../../src/telemetry/counts.ts'
import { exposition, familiesOf, reading, readingsOf } from '../../src/telemetry/exposition.ts'
import { metricNames } from '../../src/telemetry/metrics.ts'
import { readExposition } from '../support/exposition.ts'
import { holds, long, type Target, target, text } from './target.ts'

const name = fc.oneof(text, long, fc.constantFrom('"} 1\nvae_gateway_up 1', '\\', '\\n', '"', '\r', 'a\\"b'))

const scrapes = target(
  'a scrape holds every label as it was, and nothing else',
  fc.uniqueArray(fc.tuple(name, name, name), {
    minLength: 1,
    maxLength: 5,
    selector: (labels) => JSON.stringify(labels),
  }),
  (given) => {
    const sources = given.map(([pool, model, outcome], at) => ({
      labels: { pool },
      readings: [reading('vae_gateway_requests_total', [model, outcome], at)],
    }))
    const { series } = readExposition(exposition(familiesOf(sources)))
    const found = series.map(({ labels }) => [labels.pool, labels.model, labels.outcome])
    holds(JSON.stringify(found) === JSON.stringify(given), 'they are the same')
  },
)

const tally = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom(...metricNames), fc.constantFrom('__proto__', 'constructor'), text),
    fc.array(fc.tuple(name, fc.oneof(fc.nat(), fc.array(fc.nat(), { maxLength: 14 }))), { maxLength: 3 }),
  ),
  { maxLength: 6 },
)

const merges = target('what another release has counted never spoils a scrape', tally, (given) => {
  const counts = new Counts()
  counts.merge(new Map(given.map(([metric, series]) => [metric, new Map(series)])))
  const text = exposition(familiesOf([{ labels: { pool: 'a' }, readings: readingsOf(counts.tally) }]))
  for (const line of text.split('\n')) {
    holds(line === '' || /^(# (HELP|TYPE) )?vae_gateway_[a-z_]+[{ ]/.test(line), 'each line is a metric’s')
  }
})

export const metricTargets: readonly Target[] = [scrapes, merges]
