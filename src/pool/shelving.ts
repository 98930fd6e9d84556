/** A pool's part in what is kept under its backends' ids: read once when it begins, written with every order. */
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import type { Database } from '../lib/database.ts'
import type { Memory } from './initial.ts'
import { formatLearnt } from './learnt.ts'
import { type KeptOrder, orderOf, readOrders, writeOrder } from './orders.ts'
import { laterOf, NO_ORDER, recall } from './recall.ts'
import type { BackendShelf, KeptBackend } from './shelf.ts'
import type { BackendState } from './state.ts'

/** A pool that begins holds its callers for so long at most, and an order its operator. */
const PATIENCE_MS = 2_000

/** After a shelf that could not be asked or told. */
const AGAIN_MS = 5_000

export interface ShelvingParts {
  readonly poolName: string
  /** Where there is none, orders are kept in the pool's own database alone. */
  readonly shelf: BackendShelf | undefined
  /** Asked for when it is written, so that it is the newest. */
  readonly backends: () => readonly BackendState[]
  readonly ambient: Pick<Ambient, 'after'>
  /** Told of a database or a shelf that fails. */
  readonly failed: (error: unknown) => void
  /** An order was found that this pool did not know when it began. */
  readonly found: (backendId: string, order: KeptOrder['order']) => void
}

export class Shelving {
  readonly #parts: ShelvingParts
  #sql: Database | undefined
  #own: ReadonlyMap<string, Memory> = new Map()
  readonly #orders = new Map<string, KeptOrder>()
  #isPending = false

  constructor(parts: ShelvingParts) {
    this.#parts = parts
  }

  /**
   * @param own what the pool's own database has learnt
   * @returns what is known without the shelf
   */
  begin(
    own: ReadonlyMap<string, Memory>,
    openDatabase: (() => Database) | undefined,
  ): ReadonlyMap<string, Memory> {
    this.#own = own
    let orders: ReadonlyMap<string, KeptOrder> = new Map()
    try {
      this.#sql = openDatabase?.()
      if (this.#sql) orders = readOrders(this.#sql)
    } catch (error) {
      this.#sql = undefined
      this.#parts.failed(error)
    }
    return this.#recall(orders, [])
  }

  /** @returns what is known with the shelf; undefined when that does not answer, and is asked again later */
  async ask(): Promise<ReadonlyMap<string, Memory> | undefined> {
    const kept = await this.#find()
    if (!kept) return undefined
    const before = new Map(this.#orders)
    const memories = this.#recall(before, kept)
    for (const [id, order] of this.#orders) if (order !== before.get(id)) this.#write(id, order)
    const shelved = new Map(kept.map(({ id, orders }) => [id, orders]))
    const newer = [...this.#orders].filter(([id, { orders }]) => orders > (shelved.get(id) ?? 0))
    if (newer.length > 0) this.keep(newer.map(([id]) => id))
    return memories
  }

  /**
   * The operator has ordered something of a backend, which shows in its state.
   *
   * @throws Error when it could be kept nowhere
   */
  async ordered(id: string): Promise<void> {
    const backend = this.#parts.backends().find((one) => one.id === id)
    if (!backend) return
    const { orders } = this.#orders.get(id) ?? NO_ORDER
    const order = { order: orderOf(backend), orders: orders + 1 }
    this.#orders.set(id, order)
    const isWritten = this.#write(id, order)
    const isKept = await this.#tell([id])
    if (!isWritten && !isKept) throw new Error('The order could not be kept.')
  }

  /** Tells the shelf of these backends, in its own time. */
  keep(ids: readonly string[]): void {
    void this.#tell(ids)
  }

  #recall(orders: ReadonlyMap<string, KeptOrder>, kept: readonly KeptBackend[]): ReadonlyMap<string, Memory> {
    const recalled = recall(this.#parts.poolName, this.#own, orders, kept)
    for (const [id, order] of recalled.orders) this.#orders.set(id, order)
    return recalled.memories
  }

  #write(id: string, order: KeptOrder): boolean {
    if (!this.#sql) return false
    try {
      writeOrder(this.#sql, id, order)
      return true
    } catch (error) {
      this.#parts.failed(error)
      return false
    }
  }

  async #find(): Promise<readonly KeptBackend[] | undefined> {
    const { shelf, ambient, backends, failed } = this.#parts
    if (!shelf) return undefined
    const ids = backends().map(({ id }) => id)
    const heard = await answerWithin(shelf.findBackends(ids), PATIENCE_MS, ambient)
    if (heard.ok) return heard.value
    failed(new Error(heard.error))
    ambient.after(AGAIN_MS, () => void this.#askAgain())
    return undefined
  }

  /** What is found by now are orders: what the pool has learnt meanwhile is newer than what it would have begun with. */
  async #askAgain(): Promise<void> {
    const kept = (await this.#find()) ?? []
    for (const backend of kept) {
      const own = this.#orders.get(backend.id) ?? NO_ORDER
      const later = laterOf(own, backend)
      if (later === own) continue
      this.#orders.set(backend.id, later)
      this.#write(backend.id, later)
      this.#parts.found(backend.id, later.order)
    }
  }

  async #tell(ids: readonly string[]): Promise<boolean> {
    const { poolName, shelf, ambient, backends, failed } = this.#parts
    if (!shelf) return false
    const told = backends().filter(({ id }) => ids.includes(id))
    const kept = told.map((backend): KeptBackend => {
      const { order, orders } = this.#orders.get(backend.id) ?? NO_ORDER
      return { id: backend.id, order, orders, learnt: formatLearnt(backend), pool: poolName }
    })
    const heard = await answerWithin(shelf.keepBackends(kept), PATIENCE_MS, ambient)
    if (heard.ok) return true
    failed(new Error(heard.error))
    if (!this.#isPending) {
      this.#isPending = true
      ambient.after(AGAIN_MS, () => {
        this.#isPending = false
        this.keep(backends().map(({ id }) => id))
      })
    }
    return false
  }
}
