/** Callers that wait for a slot in a pool's object, each until the pool has decided about its job. */
import type { PoolAction } from './events.ts'
import { idleBeside } from './idle.ts'
import { expectedWaitMs } from './load.ts'
import type { PoolMeter } from './meter.ts'
import { type AcquireAnswer, PROTOCOL_VERSION as v } from './protocol.ts'
import type { Job, PoolState } from './state.ts'

type Decision = PoolAction & { readonly kind: 'grant' | 'reject' }

interface Waiting<Handle> {
  readonly answer: (answer: AcquireAnswer<Handle>) => void
  readonly purpose: Job['purpose']
  readonly since: number
}

interface Parts<Handle> {
  readonly epoch: string
  readonly meter: PoolMeter
  readonly leaseOf: (backendId: string, leaseId: number) => Handle
}

export class WaitingRoom<Handle> {
  readonly #parts: Parts<Handle>
  readonly #waiting = new Map<string, Waiting<Handle>>()

  constructor(parts: Parts<Handle>) {
    this.#parts = parts
  }

  enter({ ticket, purpose, enqueuedAt }: Job, answer: Waiting<Handle>['answer']): void {
    this.#waiting.set(ticket, { answer, purpose, since: enqueuedAt })
  }

  /** Tells whom the decision is about; whoever is not here any more was told before. */
  tell(decision: Decision, state: PoolState, now: number): void {
    const waiting = this.#waiting.get(decision.ticket)
    this.#waiting.delete(decision.ticket)
    const { epoch, meter, leaseOf } = this.#parts
    if (!waiting) return
    meter.answered(decision, waiting.purpose, now - waiting.since)
    const poolWaitMs = expectedWaitMs(state, now)
    if (decision.kind === 'reject') {
      const { reason, retryAfterMs } = decision
      waiting.answer({ ok: false, v, reason, retryAfterMs, poolWaitMs })
      return
    }
    const { leaseId, backendId, startsInMs, expectedMs, deviationMs, isLearnt, isTrusted, waitedForStart } =
      decision
    const idle = idleBeside(state, decision, now)
    const expected = {
      startsInMs,
      expectedMs,
      deviationMs,
      isLearnt,
      isTrusted,
      poolWaitMs,
      idle,
      ...(waitedForStart && { waitedForStart }),
    }
    waiting.answer({ ok: true, v, epoch, backendId, ...expected, lease: leaseOf(backendId, leaseId) })
  }
}
