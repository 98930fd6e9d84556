/** What is simulated for a verdict, and how much of it. */
import { BASELINE_NAMES } from '../policies/baselines.ts'
import { SINGLE_FAULTS } from '../scenarios/single-fault.ts'
import { STANDARD } from '../scenarios/standard.ts'
import { CORE, type PolicyName, type Task } from './task.ts'

export interface Extent {
  /** Per scenario and policy, and per kind of fault. */
  readonly comparedRequests: number
  readonly faultRequests: number
  readonly seeds: number
}

export const FULL: Extent = { comparedRequests: 60_000, faultRequests: 1_000_000, seeds: 1_000 }
export const QUICK: Extent = { comparedRequests: 20_000, faultRequests: 20_000, seeds: 60 }

/** Seeds that one task runs. */
const BATCH = 10

export const POLICIES: readonly PolicyName[] = [...BASELINE_NAMES, CORE]

export const comparisons = (
  requests: number,
  seed: number,
  names = STANDARD.map(({ name }) => name),
): Task[] =>
  names.flatMap((scenario) =>
    POLICIES.map((policy): Task => ({ kind: 'standard', scenario, policy, requests, seed })),
  )

export const faults = (requests: number, seed: number): Task[] =>
  SINGLE_FAULTS.map((fault): Task => ({ kind: 'fault', fault, requests, seed }))

/** `count` seeds from `first` on. */
export function swarms(count: number, first: number): Task[] {
  const tasks: Task[] = []
  for (let at = 0; at < count; at += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, count - at) }, (_, index) => first + at + index)
    tasks.push({ kind: 'swarm', seeds })
  }
  return tasks
}
