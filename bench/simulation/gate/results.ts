/** What came back, by name. */
import type { FieldFigures } from '../field/figures.ts'
import type { Summary } from '../metrics/summary.ts'
import { type Broken, CORE, type PolicyName, type Task, type TaskResult, WITHOUT_HEDGES } from './task.ts'

export interface Results {
  /** By scenario, then by policy. */
  readonly standard: ReadonlyMap<string, ReadonlyMap<PolicyName, Summary>>
  readonly faults: ReadonlyMap<string, Summary>
  readonly field: ReadonlyMap<string, FieldFigures>
  readonly swarm: { readonly seeds: number; readonly requests: number; readonly broken: readonly Broken[] }
}

export function gather(tasks: readonly Task[], results: readonly TaskResult[]): Results {
  const standard = new Map<string, Map<PolicyName, Summary>>()
  const faults = new Map<string, Summary>()
  const field = new Map<string, FieldFigures>()
  const broken: Broken[] = []
  let seeds = 0
  let requests = 0
  for (const [at, task] of tasks.entries()) {
    const result = results[at] as TaskResult
    if (result.kind === 'swarm') {
      broken.push(...result.broken)
      requests += result.requests
      if (task.kind === 'swarm') seeds += task.seeds.length
    } else if (result.kind === 'field') {
      if (task.kind === 'field') field.set(task.scenario, result.figures)
    } else if (task.kind === 'fault') faults.set(task.fault, result.summary)
    else if (task.kind === 'standard') {
      const ofScenario = standard.get(task.scenario) ?? new Map<PolicyName, Summary>()
      standard.set(task.scenario, ofScenario.set(task.policy, result.summary))
    }
  }
  return { standard, faults, field, swarm: { seeds, requests, broken } }
}

/** @throws when that was not simulated */
export function summaryOf(results: Results, scenario: string, policy: PolicyName = CORE): Summary {
  const found = results.standard.get(scenario)?.get(policy)
  if (!found) throw new Error(`${scenario} was not simulated with ${policy}.`)
  return found
}

/** The figures of the policies that the pool is compared with. */
export const baselinesOf = (
  results: Results,
  scenario: string,
): readonly (readonly [PolicyName, Summary])[] =>
  [...(results.standard.get(scenario) ?? [])].filter(([policy]) => !OWN.has(policy))

const OWN: ReadonlySet<PolicyName> = new Set([CORE, WITHOUT_HEDGES])
