/** Which request a lease is for, which the pool is not told. */
import type { PoolStep } from '../../../src/pool/pool-host.ts'

/** Leases that are older than so many others have nothing to say any more. */
const KEPT = 50_000

export class Serials {
  readonly #byLease = new Map<number, number>()

  /** @returns the serial of the request that a report is about; -1 where there is none */
  of({ event, actions }: Pick<PoolStep, 'event' | 'actions'>): number {
    for (const action of actions) {
      if (action.kind !== 'grant') continue
      this.#byLease.set(action.leaseId, Number.parseInt(action.ticket, 10))
      this.#byLease.delete(action.leaseId - KEPT)
    }
    return event.kind === 'report' ? (this.#byLease.get(event.leaseId) ?? -1) : -1
  }
}
