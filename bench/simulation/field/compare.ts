/** Simulator and field suite are two looks at one thing: where they differ by much, one of them is wrong. */
import { idealRate } from '../../scenario.ts'
import { SCENARIOS } from '../../scenarios.ts'
import { type FieldFigures, figuresApart, type Measured } from './figures.ts'

/** One scenario in the output of `npm run field -- --json`. */
export interface FieldResult {
  readonly name: string
  readonly counted: Readonly<Record<string, Measured>>
}

export interface Compared {
  readonly promise: string
  readonly isKept: boolean
  readonly figure: string
}

/** Beyond so many requests per second the cores of the machine decide, which the simulator does not have. */
const MOST_PER_SECOND = 100

/** One line per scenario that both have. */
export function compare(
  simulated: ReadonlyMap<string, FieldFigures>,
  measured: readonly FieldResult[],
): readonly Compared[] {
  return measured.flatMap(({ name, counted }): Compared[] => {
    const [own, theirs] = [simulated.get(name), counted.gateway]
    const scenario = SCENARIOS.find((candidate) => candidate.name === name)
    if (!own || !theirs || !scenario || idealRate(scenario) > MOST_PER_SECOND) return []
    const apart = figuresApart(own, theirs, scenario.clients)
    const told = (['perSecond', 'p50Ms', 'p99Ms'] as const).map((key) => {
      const mark = apart.includes(key) ? ' (!)' : ''
      return `${key} ${round(own[key])} for ${round(theirs[key])}${mark}`
    })
    return [{ promise: name, isKept: apart.length === 0, figure: told.join(', ') }]
  })
}

/** A figure of nothing is no number, which JSON does not know. */
const round = (value: number | null): string =>
  value === null || Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 2 : 0)
