/** The pool as the Worker sees it: one waiting call for a slot, and a lease that gives it back by itself. */
import type { Backend } from '../backends/backend.ts'
import type { Ambient } from '../lib/ambient.ts'
import { poolNameOf } from './membership.ts'
import type { AcquireAnswer, AcquireRequest } from './protocol.ts'
import type { Evidence, RejectReason } from './state.ts'

/** What we use of a stub of the pool's object. */
export interface PoolStub {
  acquire(request: AcquireRequest): Promise<AcquireAnswer<RemoteLease> & Partial<Disposable>>
  cancel(ticket: string): Promise<void>
}

interface RemoteLease {
  free(): Promise<void>
  report(evidence: Evidence): Promise<void>
}

/** A slot of a backend. Dispose it when the request is over. */
export interface Lease extends Disposable {
  readonly backendId: string
  free(): void
  report(evidence: Evidence): void
}

export interface SlotRequest {
  readonly model: string
  readonly predictedMs: number
  readonly remainingMs: number
  readonly exclude: readonly string[]
}

export type SlotAnswer =
  | { readonly ok: true; readonly lease: Lease }
  | { readonly ok: false; readonly reason: RejectReason | 'unreachable'; readonly retryAfterMs: number }

/** The object answers at the deadline at the latest; this much later it is taken for unreachable. */
const ANSWER_GRACE_MS = 1_500

export class PoolClient {
  readonly #stubOf: (poolName: string) => PoolStub
  readonly #backends: readonly Backend[]
  readonly #ambient: Ambient
  readonly #defer: (task: Promise<unknown>) => void

  /**
   * @param stubOf makes a new stub each time: one that has seen its object reset throws forever
   * @param defer keeps the request's context alive for a call that nobody waits for
   */
  constructor(
    stubOf: (poolName: string) => PoolStub,
    backends: readonly Backend[],
    ambient: Ambient,
    defer: (task: Promise<unknown>) => void,
  ) {
    this.#stubOf = stubOf
    this.#backends = backends
    this.#ambient = ambient
    this.#defer = defer
  }

  /** Waits for a slot of a backend that serves the model. A client that leaves gives up its place in the queue. */
  async acquire(wanted: SlotRequest, clientLeft: AbortSignal): Promise<SlotAnswer> {
    const poolName = poolNameOf(this.#backends, wanted.model)
    if (poolName === undefined) return { ok: false, reason: 'no-backend', retryAfterMs: 0 }
    const request: AcquireRequest = { v: 1, ticket: this.#ambient.randomUuid(), ...wanted }
    const leave = (): void => this.#background(this.#stubOf(poolName).cancel(request.ticket))
    clientLeft.addEventListener('abort', leave)
    const askedAt = this.#ambient.now()
    try {
      const answer = await this.#ask(poolName, request)
      if (answer) return answer
      // After a reset there is time for another try; after silence there is none.
      const remainingMs = wanted.remainingMs - (this.#ambient.now() - askedAt)
      const second = remainingMs > 0 ? await this.#ask(poolName, { ...request, remainingMs }) : undefined
      return second ?? { ok: false, reason: 'unreachable', retryAfterMs: 1_000 }
    } finally {
      clientLeft.removeEventListener('abort', leave)
    }
  }

  /** One call; undefined when the object was reset, is overloaded or does not answer. */
  async #ask(poolName: string, request: AcquireRequest): Promise<SlotAnswer | undefined> {
    let stop = (): void => {}
    const silence = new Promise<undefined>((resolve) => {
      stop = this.#ambient.after(request.remainingMs + ANSWER_GRACE_MS, () => resolve(undefined))
    })
    try {
      const answer = await Promise.race([this.#stubOf(poolName).acquire(request), silence])
      return answer?.ok ? { ok: true, lease: this.#lease(answer) } : answer
    } catch {
      return undefined
    } finally {
      stop()
    }
  }

  #lease(answer: AcquireAnswer<RemoteLease> & { ok: true } & Partial<Disposable>): Lease {
    return {
      backendId: answer.backendId,
      free: () => this.#background(answer.lease.free()),
      report: (evidence) => this.#background(answer.lease.report(evidence)),
      // Disposing the answer disposes the lease in it.
      [Symbol.dispose]: () => answer[Symbol.dispose]?.(),
    }
  }

  /** The object may be gone by now; what it would have learnt is gone with it. */
  #background(call: Promise<unknown>): void {
    this.#defer(call.catch(() => undefined))
  }
}
