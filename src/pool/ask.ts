/** Asks one pool's object for a slot, over whatever happens to the object meanwhile. */
import type { Signal } from '../lib/signal.ts'
import { callForSlot, type PoolStub } from './call.ts'
import type { Lease } from './lease.ts'
import type { PoolRef } from './membership.ts'
import { ObjectLease, type RemoteGrant } from './object-lease.ts'
import { type AcquireRequest, PROTOCOL_VERSION } from './protocol.ts'
import { enter, type PoolClientParts, type SlotAnswer, type SlotRequest, UNREACHABLE } from './slots.ts'

/** An object that is reset is there again at once; one that breaks off twice is in trouble. */
const CALLS = 2

/** Least time for a job whose backend has to start. */
const START_LEFT_MS = 1_000

/**
 * @param isTrial whether the object was lost before
 * @returns undefined when it is lost
 */
export async function askPool(
  pool: PoolRef,
  wanted: SlotRequest,
  isTrial: boolean,
  calledOff: Signal,
  parts: PoolClientParts,
): Promise<SlotAnswer | undefined> {
  const { ambient, stubOf, view, emit, defer } = parts
  const askedAt = ambient.now()
  const stub = (): PoolStub => stubOf(pool)
  const alive = (): void => {
    const event = view.found(pool.name)
    if (event) emit(event)
  }
  for (let call = 1; ; call++) {
    // After a reset the same ticket keeps its place, and what is left of its time.
    const calledAt = ambient.now()
    const leftMs = wanted.remainingMs - (calledAt - askedAt)
    // An object that was lost while a backend started is asked again: the time of the client has not begun.
    const remainingMs = wanted.waitsForStart ? Math.max(leftMs, START_LEFT_MS) : leftMs
    if (remainingMs <= 0) return UNREACHABLE
    const request: AcquireRequest = { v: PROTOCOL_VERSION, ...wanted, remainingMs, wall: ambient.wallNow() }
    const maxWaitMs = remainingMs + (wanted.waitsForStart ? parts.membership.startWaitMs(pool.name) : 0)
    const end = await callForSlot(request, maxWaitMs, isTrial, calledOff, { ambient, stub, alive, defer })
    if (end.kind === 'answered') {
      alive()
      const { answer } = end
      const now = ambient.now()
      // An object of the release before does not say how long others wait.
      view.heard(pool.name, answer.poolWaitMs ?? 0, now - calledAt, now)
      if (answer.ok) return { ok: true, lease: leaseOf(answer, stub, wanted, calledOff, parts) }
      return { ok: false, reason: answer.reason, retryAfterMs: answer.retryAfterMs }
    }
    if (end.kind === 'lost' && end.why === 'errors' && call < CALLS) continue
    // Nobody waits for the answer any more, so the job is taken back, in case that it arrived.
    defer(
      stub()
        .cancel(wanted.ticket)
        .catch(() => undefined),
    )
    if (end.kind === 'called-off') return { ok: false, reason: 'cancelled', retryAfterMs: 0 }
    if (end.kind === 'late') return UNREACHABLE
    const event = view.lost(pool.name, end.why, isTrial, ambient.now())
    if (event) emit(event)
    return undefined
  }
}

function leaseOf(
  grant: RemoteGrant,
  stub: () => PoolStub,
  { predictedMs, remainingMs }: SlotRequest,
  calledOff: Signal,
  parts: PoolClientParts,
): Lease {
  const { ambient, defer, view } = parts
  return new ObjectLease(grant, {
    predictedMs,
    ambient,
    defer,
    adopt: (request) => stub().adopt(request),
    learn: (evidence) => view.learn(grant.backendId, evidence, ambient.now()),
    leave: enter(parts, grant.backendId, remainingMs, calledOff),
  })
}
