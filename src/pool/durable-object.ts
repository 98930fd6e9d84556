/**
 * One pool on the platform: `step` with a clock, a timer and callers that wait. Nothing is stored; leases and
 * queue live as long as their callers do, and a pool that starts anew learns its backends within a few answers.
 */
import { DurableObject, RpcTarget } from 'cloudflare:workers'
import { realAmbient } from '../lib/ambient.ts'
import type { AcquireAnswer, AcquireRequest, LeaseHandle, PoolStatus } from './protocol.ts'
import {
  type Evidence,
  emptyPool,
  type PoolAction,
  type PoolEvent,
  type PoolMember,
  type PoolState,
} from './state.ts'
import { nextWakeAt, step } from './step.ts'

export class PoolObject extends DurableObject {
  #state: PoolState
  readonly #ambient = realAmbient
  readonly #waiting = new Map<string, (answer: AcquireAnswer<LeaseTarget>) => void>()
  #timer: { readonly at: number; cancel(): void } | undefined

  /** @param backends all that are configured; jobs name the model, so those of other pools are never chosen */
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, backends: readonly PoolMember[]) {
    super(ctx, env)
    this.#state = emptyPool(backends)
  }

  /** Waits for a slot until the deadline; the promise is the place in the queue. */
  acquire(request: AcquireRequest): Promise<AcquireAnswer<LeaseTarget>> {
    const { ticket, model, predictedMs, exclude } = request
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve)
      const deadlineAt = this.#ambient.now() + request.remainingMs
      this.#step({ kind: 'acquire', job: { ticket, model, predictedMs, deadlineAt, exclude } })
    })
  }

  /** Takes a job whose caller left out of the queue. */
  cancel(ticket: string): void {
    this.#step({ kind: 'cancel', ticket })
  }

  status(): PoolStatus {
    this.#step({ kind: 'tick' })
    const now = this.#ambient.now()
    const backends = this.#state.backends.map(({ id, slots, pause }) => ({
      id,
      slots,
      leases: this.#state.leases.filter((lease) => lease.backendId === id).length,
      pausedForMs: Math.max(0, (pause?.until ?? 0) - now),
    }))
    return { queued: this.#state.queue.length, backends }
  }

  #step(event: PoolEvent): void {
    const now = this.#ambient.now()
    const [state, actions] = step(this.#state, event, now)
    this.#state = state
    for (const action of actions) this.#perform(action)
    this.#arm(nextWakeAt(state, now), now)
  }

  /** A timer that is due before is left alone: it will look again. */
  #arm(wakeAt: number | undefined, now: number): void {
    if (this.#timer && wakeAt !== undefined && this.#timer.at <= wakeAt) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (wakeAt === undefined) return
    const cancel = this.#ambient.after(wakeAt - now, () => {
      this.#timer = undefined
      this.#step({ kind: 'tick' })
    })
    this.#timer = { at: wakeAt, cancel }
  }

  #perform(action: PoolAction): void {
    const answer = this.#waiting.get(action.ticket)
    this.#waiting.delete(action.ticket)
    if (action.kind === 'reject') {
      answer?.({ ok: false, reason: action.reason, retryAfterMs: action.retryAfterMs })
      return
    }
    const { leaseId, backendId } = action
    const lease = new LeaseTarget({
      free: () => this.#step({ kind: 'free', leaseId }),
      report: (evidence) =>
        this.#step({ kind: 'report', backendId, evidence, random: this.#ambient.random() }),
      abandon: () => this.#step({ kind: 'abandon', leaseId }),
    })
    answer?.({ ok: true, backendId, lease })
  }
}

interface LeaseEvents {
  free(): void
  report(evidence: Evidence): void
  abandon(): void
}

/**
 * A lease as its holder sees it. The runtime disposes it when the holder's execution context ends for whatever
 * reason (answer sent, client gone, crash), so that a slot cannot outlive its request.
 */
class LeaseTarget extends RpcTarget implements LeaseHandle {
  readonly #events: LeaseEvents
  #held = true

  constructor(events: LeaseEvents) {
    super()
    this.#events = events
  }

  free(): void {
    if (!this.#held) return
    this.#held = false
    this.#events.free()
  }

  report(evidence: Evidence): void {
    this.#events.report(evidence)
  }

  [Symbol.dispose](): void {
    if (!this.#held) return
    this.#held = false
    this.#events.abandon()
  }
}
