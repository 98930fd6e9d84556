/** What a pool begins with: what its own database has of each backend, and what is kept under the backend's id. */
import type { Memory } from './initial.ts'
import { NOTHING_LEARNT, readLearnt } from './learnt.ts'
import type { KeptOrder } from './orders.ts'
import type { KeptBackend } from './shelf.ts'

export interface Recalled {
  readonly memories: ReadonlyMap<string, Memory>
  readonly orders: ReadonlyMap<string, KeptOrder>
}

export const NO_ORDER: KeptOrder = { order: null, orders: 0 }

/**
 * @param own by backend id, as `orders` is
 * @param orders of its own database; the release before kept them with what was learnt
 * @param kept under the backends' ids
 */
export function recall(
  poolName: string,
  own: ReadonlyMap<string, Memory>,
  orders: ReadonlyMap<string, KeptOrder>,
  kept: readonly KeptBackend[],
): Recalled {
  const shelved = new Map(kept.map((backend) => [backend.id, backend]))
  const ids = new Set([...own.keys(), ...orders.keys(), ...shelved.keys()])
  const recalled = [...ids].map((id) => {
    const [memory, backend] = [own.get(id), shelved.get(id)]
    const order = laterOf(orders.get(id) ?? fromBefore(memory), backend)
    // What another pool wrote since then is newer; what this one wrote is older than what it has itself.
    const learnt = memory && backend?.pool === poolName ? memory : (learntOf(backend) ?? memory)
    return { id, order, learnt: learnt ?? NOTHING_LEARNT }
  })
  return {
    memories: new Map(
      recalled.map(({ id, order, learnt: { health: _, ...learnt } }: RecalledBackend) => [
        id,
        { ...learnt, ...(order.order && { health: { kind: order.order } }) },
      ]),
    ),
    orders: new Map(recalled.map(({ id, order }) => [id, order])),
  }
}

interface RecalledBackend {
  readonly id: string
  readonly order: KeptOrder
  readonly learnt: Memory
}

const learntOf = (backend: KeptBackend | undefined): Memory | undefined =>
  backend && readLearnt(backend.learnt)

const fromBefore = (memory: Memory | undefined): KeptOrder =>
  memory?.health ? { order: memory.health.kind, orders: 1 } : NO_ORDER

/** The one that was given later; of two at a time both are the same. */
export const laterOf = (own: KeptOrder, kept: KeptOrder | undefined): KeptOrder =>
  kept && kept.orders > own.orders ? { order: kept.order, orders: kept.orders } : own
