/** Pieces of work small enough to be shared out between threads, and what comes back. Plain data both ways. */
import { SCENARIOS } from '../../scenarios.ts'
import type { FieldFigures } from '../field/figures.ts'
import { runField } from '../field/run.ts'
import { Overseer } from '../invariants/overseer.ts'
import type { Summary } from '../metrics/summary.ts'
import { type BaselineName, baseline } from '../policies/baselines.ts'
import type { PolicyFactory } from '../policies/policy.ts'
import { shippedPolicy } from '../policies/shipped.ts'
import { run } from '../run.ts'
import { singleFault } from '../scenarios/single-fault.ts'
import { standard } from '../scenarios/standard.ts'
import { runSwarm } from '../swarm-run.ts'

/** The pool that all others are measured against, and what it is without second copies of what is slow. */
export const CORE = 'vae-gateway'
export const WITHOUT_HEDGES = 'without hedges'
export type PolicyName = BaselineName | typeof CORE | typeof WITHOUT_HEDGES

export type Task =
  | {
      readonly kind: 'standard'
      readonly scenario: string
      readonly policy: PolicyName
      readonly requests: number
      readonly seed: number
    }
  | {
      readonly kind: 'fault'
      readonly fault: string
      readonly requests: number
      readonly seed: number
      readonly hedges: boolean
    }
  | { readonly kind: 'field'; readonly scenario: string; readonly seed: number; readonly hedges: boolean }
  | { readonly kind: 'swarm'; readonly seeds: readonly number[]; readonly hedges: boolean }

export type TaskResult =
  | { readonly kind: 'standard' | 'fault'; readonly summary: Summary }
  | { readonly kind: 'field'; readonly figures: FieldFigures }
  | { readonly kind: 'swarm'; readonly requests: number; readonly broken: readonly Broken[] }

/** A promise that did not hold. */
export interface Broken {
  readonly seed: number
  readonly what: string
}

/** In a long run the thorough checks are made once in so many steps. */
const THOROUGH_EVERY = 500

/** @throws BrokenPromise in all but swarms */
export async function perform(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'standard': {
      const { scenario, policy, requests, seed } = task
      const { summary } = await run(standard(scenario, requests), factoryOf(policy), seed)
      return { kind: task.kind, summary }
    }
    case 'fault': {
      const { fault, requests, seed, hedges } = task
      const { summary } = await run(singleFault(fault, requests), shipped(hedges), seed)
      return { kind: task.kind, summary }
    }
    case 'field': {
      const scenario = SCENARIOS.find(({ name }) => name === task.scenario)
      if (!scenario) throw new Error(`The field suite has no scenario ${task.scenario}.`)
      return { kind: task.kind, figures: await runField(scenario, shipped(task.hedges), task.seed) }
    }
    case 'swarm': {
      let requests = 0
      const broken: Broken[] = []
      for (const seed of task.seeds) {
        const result = await runSwarm(seed, task.hedges)
        requests += result.requests
        if (result.broken !== null) broken.push({ seed, what: result.broken })
      }
      return { kind: task.kind, requests, broken }
    }
  }
}

const shipped = (hedges: boolean): PolicyFactory =>
  shippedPolicy({ witness: new Overseer(THOROUGH_EVERY), hedges })

function factoryOf(policy: PolicyName): PolicyFactory {
  if (policy === CORE) return shipped(true)
  return policy === WITHOUT_HEDGES ? shipped(false) : baseline(policy)
}
