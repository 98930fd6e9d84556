import { RpcTarget } from 'cloudflare:workers'
import type { AdmissionHandle } from './protocol.ts'

/** What the object does for the holder of a place; it knows which. */
export interface PlaceKeeper {
  readonly refund: () => void
  readonly isGood: () => boolean
  readonly leave: () => void
}

/**
 * A place as its holder sees it. The runtime disposes it when the holder's execution context ends for whatever reason,
 * so that no request that is over keeps another waiting.
 */
export class PlaceTarget extends RpcTarget implements AdmissionHandle {
  readonly #keeper: PlaceKeeper
  #isHeld = true
  #isCharged = true

  constructor(keeper: PlaceKeeper) {
    super()
    this.#keeper = keeper
  }

  refund(): void {
    if (!this.#isCharged) return
    this.#isCharged = false
    this.#keeper.refund()
  }

  isGood(): boolean {
    return this.#keeper.isGood()
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#keeper.leave()
  }
}
