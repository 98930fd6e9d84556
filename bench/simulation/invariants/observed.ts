/** What a promise about the pool is checked against: one step, and what is remembered of those before. */
import type { PoolAction, PoolEvent } from '../../../src/pool/events.ts'
import type { Job, PoolState } from '../../../src/pool/state.ts'

export interface Observed {
  readonly before: PoolState
  readonly event: PoolEvent
  /** Of the request that a report is about, which the pool is not told; -1 where there is none. */
  readonly serial: number
  readonly after: PoolState
  readonly actions: readonly PoolAction[]
  readonly now: number
}

/** Sees every step of a pool. */
export interface Witness {
  /** A life of the pool begins, the first or the next. */
  began(): void
  stepped(observed: Observed): void
}

export interface History {
  /** Jobs that wait for their outcome, by ticket. */
  readonly waiting: Map<string, Job>
  /** Backends that have adopted a lease in this life. */
  readonly adopters: Set<string>
  /** How often a request's report took a backend out, by serial. */
  readonly ejections: Map<number, number>
  /** Decode time granted to each key. */
  readonly granted: Map<string, number>
  /**
   * Of keys that have jobs waiting: by how much each other had been granted more when both began to wait. See
   * `keepsShares`.
   */
  readonly leads: Map<string, Map<string, number>>
}

export const freshHistory = (): History => ({
  waiting: new Map(),
  adopters: new Set(),
  ejections: new Map(),
  granted: new Map(),
  leads: new Map(),
})

/** @returns what is wrong; undefined while the promise holds */
export type Invariant = (observed: Observed, history: History) => string | undefined

export const grantsOf = (actions: readonly PoolAction[]): (PoolAction & { kind: 'grant' })[] =>
  actions.filter((action) => action.kind === 'grant')

export const isStepNews = (before: PoolState, after: PoolState): boolean => before.backends !== after.backends
