/**
 * What is kept of each backend under its own id: the operator's order and what was learnt. A pool is named after its first
 * backend, so its own object's database is another when backends are added, taken away or put in another order.
 */
import type { OrderKind } from './orders.ts'

export interface KeptBackend {
  readonly id: string
  readonly order: OrderKind | null
  /** Of the order; each one more than the last, whichever pool the backend was in. */
  readonly orders: number
  /** Text that the pool wrote (`learnt.ts`); null for nothing. */
  readonly learnt: string | null
  /** Name of the pool that wrote it. */
  readonly pool: string
}

/** The object that keeps them, as a pool sees it. */
export interface BackendShelf {
  findBackends(ids: readonly string[]): Promise<readonly KeptBackend[]>
  /** Adds them or puts them in the place of older ones; an older order is not taken. */
  keepBackends(backends: readonly KeptBackend[]): Promise<void>
}
