/** One backend's turn: from its lease to an outcome, with everything that has to be given back. */
import type { Backend } from '../backends/backend.ts'
import { type Signal, Trigger } from '../lib/signal.ts'
import type { Lease } from '../pool/client.ts'
import { type AttemptOutcome, type AttemptServices, attempt } from './attempt.ts'
import type { Course } from './course.ts'
import { overdueAfterMs } from './deadline.ts'

export interface TryServices extends AttemptServices {
  readonly backendOf: (id: string) => Backend | undefined
  readonly minAttemptMs: number
  /** Keeps the request's context alive until the task is over. */
  readonly defer: (task: Promise<unknown>) => void
}

export interface Try {
  readonly lease: Lease
  readonly startedAt: number
  /** After so long another backend is asked for. Given up before, the attempt says nothing of its backend. */
  readonly overdueMs: number
  readonly done: Promise<AttemptOutcome>
  /** Its answer is not wanted any more: the connection ends, and the pool decides when the slot is free. */
  callOff(): void
}

/** @param clientLeft fires when the client does not wait for an answer any more */
export function startTry(course: Course, lease: Lease, clientLeft: Signal, services: TryServices): Try {
  const { ambient, backendOf, minAttemptMs, defer } = services
  const startedAt = ambient.now()
  const { job } = course
  const overdueMs = overdueAfterMs(job.body.byteLength, lease, minAttemptMs, course.remainingMs)
  const unwanted = new Trigger()
  const leave = (): void => unwanted.abort()
  clientLeft.addEventListener('abort', leave)
  if (clientLeft.aborted) leave()
  course.attempts++
  lease.keep()
  const backend = backendOf(lease.backendId)
  const outcome = backend
    ? attempt(job, backend, lease, overdueMs, unwanted, services)
    : Promise.resolve(unknownBackend(lease.backendId))
  const done = outcome.finally(() => clientLeft.removeEventListener('abort', leave))
  let isCalledOff = false
  const callOff = (): void => {
    if (isCalledOff) return
    isCalledOff = true
    leave()
    course.cancelled({ lease, overdueMs }, ambient.now() - startedAt)
    // It may have answered in the same moment.
    defer(done.then(discard))
  }
  return { lease, startedAt, overdueMs, done, callOff }
}

/** A backend that the pool names and we do not know is one of another release's configuration. */
const unknownBackend = (backendId: string): AttemptOutcome => ({
  kind: 'failure',
  failure: { reason: 'misconfigured', backendId },
})

/** Its connection ends, and with it what is held of its body. */
function discard(outcome: AttemptOutcome): void {
  if (outcome.kind === 'answer') outcome.answer.abort.abort()
}
