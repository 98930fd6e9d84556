/** One seed of the swarm: every promise after every step, and what must hold when all is over. */
import type { PoolState } from '../../src/pool/state.ts'
import { hasRecovered, leaksNothing } from './invariants/ending.ts'
import { BrokenPromise, Overseer } from './invariants/overseer.ts'
import type { SimBackend } from './model/backend.ts'
import type { Policy } from './policies/policy.ts'
import { shippedPolicy } from './policies/shipped.ts'
import { run } from './run.ts'
import { HEALED_MS, RECOVERY_MS, swarm } from './scenarios/swarm.ts'

export interface SwarmResult {
  readonly requests: number
  /** What was broken, if anything was. */
  readonly broken: string | null
}

export async function runSwarm(seed: number, hedges = true): Promise<SwarmResult> {
  const scenario = swarm(seed)
  const recover = (policy: Policy, backends: readonly SimBackend[], now: number): void => {
    // Who is asleep because nobody needs it may sleep on.
    if (now < HEALED_MS + RECOVERY_MS || scenario.isScaleToZero) return
    const well = backends.filter(({ troubledAt }) => now - troubledAt > RECOVERY_MS)
    const wellIds = new Set(well.map(({ settings }) => settings.id))
    expectNo('I12 recovers', hasRecovered(stateOf(policy), wellIds))
  }
  try {
    const witness = new Overseer(1)
    const { policy, summary } = await run(scenario, shippedPolicy({ witness, hedges }), seed, recover)
    expectNo('I4 leaks nothing', leaksNothing(stateOf(policy), policy.now ?? 0))
    return { requests: summary.requests, broken: null }
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error
    return { requests: scenario.workload.requests, broken: error.message }
  }
}

function stateOf({ state }: Policy): PoolState {
  if (!state) throw new TypeError('Only the pool itself has a state to look at.')
  return state
}

function expectNo(name: string, objection: string | undefined): void {
  if (objection !== undefined) throw new BrokenPromise(`${name}: ${objection}`)
}
