/** What is simulated for a verdict, and how much of it. */
import { SCENARIOS } from '../../scenarios.ts'
import { BASELINE_NAMES } from '../policies/baselines.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import { SINGLE_FAULTS } from '../scenarios/single-fault.ts'
import { STANDARD } from '../scenarios/standard.ts'
import { CORE, type PolicyName, type Task, WITHOUT_HEDGES } from './task.ts'

export interface Extent {
  /** Per scenario and policy, and per kind of fault. */
  readonly comparedRequests: number
  readonly faultRequests: number
  readonly seeds: number
}

/** A million requests that meet one fault at a time, over all kinds. */
export const FULL: Extent = { comparedRequests: 60_000, faultRequests: 60_000, seeds: 600 }
export const QUICK: Extent = { comparedRequests: 20_000, faultRequests: 20_000, seeds: 60 }

/** Parts of a whole run. */
export const PARTS = ['faults', 'standard', 'field', 'swarm'] as const
export type Part = (typeof PARTS)[number]

export interface Wanted extends Extent {
  readonly seed: number
  readonly hedges: boolean
  readonly parts: readonly Part[]
  /** Only these, of the standard scenarios or of the field suite's; all when left out. */
  readonly scenarios: readonly string[] | undefined
}

/** With more than the pool can do no backend is idle, and there are no hedges to be compared. */
const loadOf = ({ workload }: Scenario): number => workload.loadOfKeys.reduce((sum, own) => sum + own, 0)

/** Seeds that one task runs. */
const BATCH = 10

/** The longest first, so that the threads end together. */
export function tasksOf(wanted: Wanted): Task[] {
  const { parts, scenarios, seed, hedges } = wanted
  const isNamed = ({ name }: { readonly name: string }): boolean => scenarios?.includes(name) ?? true
  const has = (part: Part): boolean => parts.includes(part)
  const ownOf = (own: Scenario): readonly PolicyName[] => {
    if (!hedges) return [WITHOUT_HEDGES]
    return loadOf(own) > 1 ? [CORE] : [CORE, WITHOUT_HEDGES]
  }
  const faults = has('faults') && scenarios === undefined ? SINGLE_FAULTS : []
  const standard = has('standard') ? STANDARD.filter(isNamed) : []
  const field = has('field') ? SCENARIOS.filter(isNamed) : []
  const count = has('swarm') && scenarios === undefined ? wanted.seeds : 0
  return [
    ...faults.map((fault): Task => ({ kind: 'fault', fault, requests: wanted.faultRequests, seed, hedges })),
    ...standard.flatMap((own) =>
      [...BASELINE_NAMES, ...ownOf(own)].map(
        (policy): Task => ({
          kind: 'standard',
          scenario: own.name,
          policy,
          requests: wanted.comparedRequests,
          seed,
        }),
      ),
    ),
    ...field.map(({ name }): Task => ({ kind: 'field', scenario: name, seed, hedges })),
    ...swarms(count, seed, hedges),
  ]
}

/** `count` seeds from `first` on. */
function swarms(count: number, first: number, hedges: boolean): Task[] {
  const tasks: Task[] = []
  for (let at = 0; at < count; at += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => first + at + index)
    tasks.push({ kind: 'swarm', seeds, hedges })
  }
  return tasks
}
