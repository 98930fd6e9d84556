import type { Evidence } from './events.ts'
import type { LeaseHandle, Timings } from './protocol.ts'

/** What happens to a lease; the object knows which. */
export type LeaseEvent =
  | ({ readonly kind: 'free' } & Timings)
  | { readonly kind: 'renew' }
  | { readonly kind: 'resize'; readonly predictedMs: number }
  | { readonly kind: 'abandon' }
  | { readonly kind: 'report'; readonly evidence: Evidence }

/** The pool's end of a lease: the slot is given back once, however often and in which order its holder calls. */
export class HeldLease implements LeaseHandle, Disposable {
  readonly #tell: (event: LeaseEvent) => void
  #isHeld = true

  constructor(tell: (event: LeaseEvent) => void) {
    this.#tell = tell
  }

  /** A holder of an old release says nothing of times. */
  free(timings: Timings = { decoded: true }): void {
    if (this.#isHeld) {
      this.#isHeld = false
      this.#tell({ kind: 'free', ...timings })
    }
  }

  report(evidence: Evidence): void {
    this.#tell({ kind: 'report', evidence })
  }

  renew(): void {
    if (this.#isHeld) this.#tell({ kind: 'renew' })
  }

  resize(predictedMs: number): void {
    if (this.#isHeld) this.#tell({ kind: 'resize', predictedMs })
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#tell({ kind: 'abandon' })
  }
}
