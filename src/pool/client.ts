/** The pools as the Worker sees them: a slot from the pool near by, from another, or without any when none answers. */
import type { Signal } from '../lib/signal.ts'
import { askPool } from './ask.ts'
import { localLease } from './lease.ts'
import type { PoolRef } from './membership.ts'
import { orderPools } from './shards.ts'
import {
  enter,
  type PoolClientParts,
  type SlotAnswer,
  type SlotRefusal,
  type SlotRequest,
  UNREACHABLE,
} from './slots.ts'

export type { PoolStub } from './call.ts'
export type { Lease } from './lease.ts'
export type { PoolClientParts, SlotAnswer, SlotRefusal, SlotRequest } from './slots.ts'

/** Refusals that say something of their pool only; another may do better. */
const LOCAL_REASONS: readonly SlotRefusal['reason'][] = [
  'exhausted',
  'down',
  'cold',
  'too-large',
  'queue-full',
  'deadline',
]

export class PoolClient {
  readonly #parts: PoolClientParts

  constructor(parts: PoolClientParts) {
    this.#parts = parts
  }

  /**
   * Waits for a slot of a backend that serves the model.
   *
   * @param calledOff gives up the place in the queue: the client left, or a slot is not needed any more
   */
  async acquire(wanted: SlotRequest, calledOff: Signal): Promise<SlotAnswer> {
    const { ambient, view } = this.#parts
    const askedAt = ambient.now()
    const remainingMs = (): number => wanted.remainingMs - (ambient.now() - askedAt)
    const lost: PoolRef[] = []
    let refusal: SlotRefusal | undefined
    for (const pool of this.#poolsFor(wanted, askedAt)) {
      const route = view.routeOf(pool.name, ambient.now())
      const request = { ...wanted, remainingMs: remainingMs() }
      const isTrial = route === 'trial'
      const answer =
        route === 'local' ? undefined : await askPool(pool, request, isTrial, calledOff, this.#parts)
      if (answer?.ok) return answer
      if (!answer) lost.push(pool)
      else if (!LOCAL_REASONS.includes(answer.reason)) return answer
      else refusal = moreTelling(refusal, answer)
    }
    if (lost.length === 0) return refusal ?? { ok: false, reason: 'no-backend', retryAfterMs: 0 }
    const placed = this.#placeLocally(lost, { ...wanted, remainingMs: remainingMs() }, calledOff)
    return placed.ok ? placed : moreTelling(refusal, placed)
  }

  #poolsFor({ model, purpose }: SlotRequest, now: number): readonly PoolRef[] {
    const { membership, shards, continent, view, ambient } = this.#parts
    const pools = membership.poolsOf(model)
    const ordered = orderPools(pools, shards, continent, view.reports, ambient.random(), now)
    // A part that can go with the others is not worth a search.
    return purpose === 'part' ? ordered.slice(0, 1) : ordered
  }

  /** Without their objects it is not known whether backends are idle, so batches are not taken apart. */
  #placeLocally(pools: readonly PoolRef[], wanted: SlotRequest, calledOff: Signal): SlotAnswer {
    const { ambient, membership, view } = this.#parts
    const { model, predictedMs, exclude, purpose, remainingMs } = wanted
    if (purpose === 'part') return { ok: false, reason: 'budget', retryAfterMs: 0 }
    if (remainingMs <= 0) return UNREACHABLE
    const members = pools.flatMap(({ name }) => membership.membersOf(name))
    const placed = view.place(members, model, exclude, ambient.random, ambient.now())
    if (!placed.ok) return placed
    const { backendId } = placed
    const lease = localLease(backendId, {
      predictedMs,
      learn: (evidence) => view.learn(backendId, evidence, ambient.now()),
      leave: enter(this.#parts, backendId, remainingMs, calledOff),
    })
    return { ok: true, lease }
  }
}

/** Of several pools' refusals the first counts, but that a pool has nobody else says the least. */
const moreTelling = (before: SlotRefusal | undefined, next: SlotRefusal): SlotRefusal =>
  before && before.reason !== 'exhausted' ? before : next
