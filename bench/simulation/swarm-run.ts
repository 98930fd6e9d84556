/** One seed of the swarm: every promise after every step, and what must hold when all is over. */
import { hasRecovered, leaksNothing } from './invariants/ending.ts'
import { BrokenPromise, Overseer } from './invariants/overseer.ts'
import type { SimBackend } from './model/backend.ts'
import { backendId } from './model/verdict.ts'
import { CorePolicy, corePolicy } from './policies/core.ts'
import type { Policy } from './policies/policy.ts'
import { run } from './run.ts'
import { HEALED_MS, RECOVERY_MS, swarm } from './scenarios/swarm.ts'

export interface SwarmResult {
  readonly requests: number
  /** What was broken, if anything was. */
  readonly broken: string | null
}

export function runSwarm(seed: number): SwarmResult {
  const scenario = swarm(seed)
  const recover = (policy: Policy, backends: readonly SimBackend[], now: number): void => {
    // Who is asleep because nobody needs it may sleep on.
    if (now < HEALED_MS + RECOVERY_MS || scenario.isScaleToZero) return
    const well = backends.filter(({ troubledAt }) => now - troubledAt > RECOVERY_MS)
    const wellIds = new Set(well.map(({ index }) => backendId(index)))
    expectNo('I12 recovers', hasRecovered(coreOf(policy).state, wellIds))
  }
  try {
    const { policy, summary } = run(scenario, corePolicy(seed, new Overseer(1)), seed, recover)
    expectNo('I4 leaks nothing', leaksNothing(coreOf(policy).state, coreOf(policy).now))
    return { requests: summary.requests, broken: null }
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error
    return { requests: scenario.workload.requests, broken: error.message }
  }
}

function coreOf(policy: Policy): CorePolicy {
  if (!(policy instanceof CorePolicy)) throw new TypeError('Only the pool itself has a state to look at.')
  return policy
}

function expectNo(name: string, objection: string | undefined): void {
  if (objection !== undefined) throw new BrokenPromise(`${name}: ${objection}`)
}
