/**
 * Decodes that were described before. Clients ask for the same again and again, and to read their words costs more than
 * all that is decided about them.
 */
import type { Problem } from '../errors/problem.ts'
import { ExpiringMap } from '../lib/expiring-map.ts'
import { ok, type Result } from '../lib/result.ts'
import type { DecodeOrder } from './decode-order.ts'

/** In memory, as long as the isolate lives at most. */
const REMEMBER_MS = 60_000
const REMEMBERED = 200

/** Clients say less; what is longer is not worth the room. */
const MAX_LENGTH = 1_000

export class OrderMemory {
  readonly #orders = new ExpiringMap<DecodeOrder>(REMEMBERED)

  /**
   * @param words everything that the order is read from
   * @param read reads what is not known; problems are not remembered
   */
  recall(
    words: readonly (string | undefined)[],
    now: number,
    read: () => Result<DecodeOrder, Problem>,
  ): Result<DecodeOrder, Problem> {
    const name = JSON.stringify(words)
    if (name.length > MAX_LENGTH) return read()
    const known = this.#orders.get(name, now)
    if (known) return ok(known)
    const order = read()
    if (order.ok) this.#orders.set(name, order.value, now + REMEMBER_MS)
    return order
  }
}
