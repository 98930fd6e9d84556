import { SCENARIOS } from '../../scenarios.ts'
import type { FieldFigures } from '../field/figures.ts'
import { idealOf } from '../field/ideal.ts'
import { ms, table } from './table.ts'

export function fieldTable(field: ReadonlyMap<string, FieldFigures>): string {
  const rows = [...field].map(([name, own]) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name)
    const ideal = scenario ? idealOf(scenario) : Number.NaN
    return [
      name,
      own.perSecond.toFixed(1),
      (own.perSecond / ideal).toFixed(2),
      ms(own.p50Ms),
      ms(own.p99Ms),
      Object.entries(own.failures)
        .map(([why, count]) => `${why} ${count}`)
        .join(' '),
    ]
  })
  return table(['scenario', 'req/s', 'of ideal', 'p50', 'p99', 'failed'], rows)
}
