import { RpcTarget } from 'cloudflare:workers'
import type { Evidence } from './events.ts'
import type { HeldLease } from './held-lease.ts'
import type { LeaseHandle, Timings } from './protocol.ts'

/**
 * A lease as its holder sees it. The runtime disposes it when the holder's execution context ends for whatever
 * reason (answer sent, client gone, crash), so that a slot cannot outlive its request.
 */
export class LeaseTarget extends RpcTarget implements LeaseHandle {
  readonly #lease: HeldLease

  constructor(lease: HeldLease) {
    super()
    this.#lease = lease
  }

  free(timings?: Timings): void {
    this.#lease.free(timings)
  }

  report(evidence: Evidence): void {
    this.#lease.report(evidence)
  }

  renew(): void {
    this.#lease.renew()
  }

  resize(predictedMs: number): void {
    this.#lease.resize(predictedMs)
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]()
  }
}
