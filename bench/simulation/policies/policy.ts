/** What every policy is to the rest of the simulation: a place where the dispatch asks for slots. */
import type { Backend } from '../../../src/backends/backend.ts'
import type { Ambient } from '../../../src/lib/ambient.ts'
import type { PoolClient } from '../../../src/pool/client.ts'
import type { ProbeResult, ProbeTest } from '../../../src/pool/events.ts'
import type { PoolState } from '../../../src/pool/state.ts'
import type { Engine } from '../engine/engine.ts'
import type { RandomStream } from '../engine/random.ts'
import type { VirtualMachine } from '../engine/virtual-machine.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import type { Flight } from '../model/flight.ts'
import type { Network } from '../model/network.ts'

export type Slots = Pick<PoolClient, 'acquire'>

export interface Policy {
  /** Least time for a decode of which only a guess is known; a policy that binds early cannot tell a queue from a hang. */
  readonly patienceMs: number
  /** Where one request asks. @param ambient of that request */
  slotsFor(flight: Flight, ambient: Ambient): Slots
  /** A new life without a memory; nothing where there is nothing to lose. */
  restart?(): void
  /** Workers and pool lose each other. */
  cut?(until: number): void
  /** The pool's state, as it was left by the last step. */
  readonly state?: PoolState
  /** When that was, in the pool's own time. */
  readonly now?: number
}

/** What a policy can do and see. */
export interface PolicyHost {
  readonly engine: Engine
  readonly machine: VirtualMachine
  readonly random: RandomStream
  readonly network: Network
  readonly gauge: IdleGauge
  /** As they are configured. */
  readonly backends: readonly Backend[]
  /** Share of what leases have to say that is lost. */
  readonly isLost: () => boolean
  /** Whether the pool keeps what it has learnt over a restart. */
  readonly hasMemory: boolean
  probe(backend: number, test: ProbeTest): Promise<ProbeResult>
}

export type PolicyFactory = (host: PolicyHost) => Policy

export const indexOf = (backendId: string): number => Number(backendId.slice(1))
export const idOf = (index: number): string => `b${index}`
