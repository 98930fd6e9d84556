/** One call for a slot, which may wait for a minute; and a watch on whether anybody is there to answer it. */
import type { Ambient } from '../lib/ambient.ts'
import type { Signal } from '../lib/signal.ts'
import { settledWithin } from '../lib/sleep.ts'
import type { RemoteGrant, RemoteLease } from './object-lease.ts'
import type { AcquireAnswer, AcquireRequest, AdoptRequest, Refusal } from './protocol.ts'
import type { LossReason } from './reachability.ts'

/** What we use of a stub of the pool's object. */
export interface PoolStub {
  acquire(request: AcquireRequest): Promise<AcquireAnswer<RemoteLease> & Partial<Disposable>>
  cancel(ticket: string): Promise<void>
  ping(): Promise<string>
  adopt(request: AdoptRequest): Promise<RemoteLease | null>
}

/**
 * - `answered`
 * - `lost`: the object is out of reach
 * - `late`: it is there, and silent past the deadline
 * - `called-off`
 */
export type CallEnd =
  | { readonly kind: 'answered'; readonly answer: RemoteGrant | Refusal }
  | { readonly kind: 'lost'; readonly why: LossReason }
  | { readonly kind: 'late' }
  | { readonly kind: 'called-off' }

/** A queue may be long; an object that does not even answer a ping is gone. */
const PATIENCE_MS = 1_500
const PONG_MS = 1_500
const PING_AGAIN_MS = 5_000

/** The object answers at the deadline at the latest; after this much more nobody waits for it. */
const ANSWER_GRACE_MS = 1_500

/** A job that is taken back is answered at once, unless the object is gone. */
const LAST_ANSWER_MS = 2_000

export interface CallParts {
  readonly ambient: Ambient
  /** A new stub each time: one that has seen its object reset throws forever. */
  readonly stub: () => PoolStub
  /** The object is there, if it has not decided yet. */
  readonly alive: () => void
  /** Keeps the request's context alive until the task is over. */
  readonly defer: (task: Promise<unknown>) => void
}

/**
 * Never rejects. A grant that comes when nobody waits for it any more is given back.
 *
 * @param maxWaitMs after so long the object is late
 * @param isTrial whether the object is likely gone, so that it is pinged at once
 * @param calledOff fires when nobody wants the slot any more
 */
export function callForSlot(
  request: AcquireRequest,
  maxWaitMs: number,
  isTrial: boolean,
  calledOff: Signal,
  { ambient, stub, alive, defer }: CallParts,
): Promise<CallEnd> {
  return new Promise((resolve) => {
    let isOver = false
    let answered: Promise<void> | undefined
    let stopWatching = (): void => {}
    const end = (how: CallEnd): void => {
      if (isOver) return
      isOver = true
      stopWatching()
      stopWaiting()
      calledOff.removeEventListener('abort', callOff)
      resolve(how)
    }
    const fail = (error: unknown): void => end({ kind: 'lost', why: lossReason(error) })
    const callOff = (): void => {
      // A slot may be granted in the same moment, and somebody must be there to give it back.
      if (answered) defer(settledWithin(answered, LAST_ANSWER_MS, ambient))
      end({ kind: 'called-off' })
    }
    const ping = (): void => {
      stopWatching = ambient.after(PONG_MS, () => end({ kind: 'lost', why: 'silent' }))
      const pong = (): void => {
        if (isOver) return
        stopWatching()
        alive()
        stopWatching = ambient.after(PING_AGAIN_MS, ping)
      }
      // An object of the release before has no ping, but says so.
      stub()
        .ping()
        .then(pong, (error) => (error instanceof TypeError ? pong() : fail(error)))
    }

    const stopWaiting = ambient.after(maxWaitMs + ANSWER_GRACE_MS, () => end({ kind: 'late' }))
    if (calledOff.aborted) return callOff()
    calledOff.addEventListener('abort', callOff)
    if (isTrial) ping()
    else stopWatching = ambient.after(PATIENCE_MS, ping)
    answered = stub()
      .acquire(request)
      .then((answer) => {
        if (isOver) answer[Symbol.dispose]?.()
        else end({ kind: 'answered', answer })
      }, fail)
  })
}

/** An object that is overloaded says so, and shall not be asked again by the same request. */
function lossReason(error: unknown): LossReason {
  const isOverloaded = error instanceof Error && 'overloaded' in error && error.overloaded === true
  return isOverloaded ? 'overloaded' : 'errors'
}
