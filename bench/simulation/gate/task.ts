/** Pieces of work small enough to be shared out between threads, and what comes back. Plain data both ways. */
import { Overseer } from '../invariants/overseer.ts'
import type { Summary } from '../metrics/summary.ts'
import { type BaselineName, baseline } from '../policies/baselines.ts'
import { corePolicy } from '../policies/core.ts'
import type { PolicyFactory } from '../policies/policy.ts'
import { run } from '../run.ts'
import { singleFault } from '../scenarios/single-fault.ts'
import { standard } from '../scenarios/standard.ts'
import { runSwarm } from '../swarm-run.ts'

/** The pool that all others are measured against. */
export const CORE = 'vae-gateway'
export type PolicyName = BaselineName | typeof CORE

export type Task =
  | {
      readonly kind: 'standard'
      readonly scenario: string
      readonly policy: PolicyName
      readonly requests: number
      readonly seed: number
    }
  | { readonly kind: 'fault'; readonly fault: string; readonly requests: number; readonly seed: number }
  | { readonly kind: 'swarm'; readonly seeds: readonly number[] }

export type TaskResult =
  | { readonly kind: 'standard' | 'fault'; readonly summary: Summary }
  | { readonly kind: 'swarm'; readonly requests: number; readonly broken: readonly Broken[] }

/** A promise that did not hold. */
export interface Broken {
  readonly seed: number
  readonly what: string
}

/** In a long run the thorough checks are made once in so many steps. */
const THOROUGH_EVERY = 500

/** @throws BrokenPromise in all but swarms */
export function perform(task: Task): TaskResult {
  switch (task.kind) {
    case 'standard': {
      const { scenario, policy, requests, seed } = task
      const { summary } = run(standard(scenario, requests), factoryOf(policy, seed), seed)
      return { kind: task.kind, summary }
    }
    case 'fault': {
      const { fault, requests, seed } = task
      const { summary } = run(singleFault(fault, requests), factoryOf(CORE, seed), seed)
      return { kind: task.kind, summary }
    }
    case 'swarm': {
      let requests = 0
      const broken: Broken[] = []
      for (const seed of task.seeds) {
        const result = runSwarm(seed)
        requests += result.requests
        if (result.broken !== null) broken.push({ seed, what: result.broken })
      }
      return { kind: task.kind, requests, broken }
    }
  }
}

const factoryOf = (policy: PolicyName, seed: number): PolicyFactory =>
  policy === CORE ? corePolicy(seed, new Overseer(THOROUGH_EVERY)) : baseline(policy)
