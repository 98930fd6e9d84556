/**
 * One turn of the loop: an attempt and, when it is slow, perhaps a second one beside it. Whatever the order in which
 * timers, slots and answers come, each try ends once: it wins, it is noted as a failure, or it is called off.
 */
import { type Signal, Trigger } from '../lib/signal.ts'
import type { Lease, PoolClient } from '../pool/client.ts'
import type { Answer, AttemptOutcome } from './attempt.ts'
import type { Course } from './course.ts'
import { hedgeAfterMs, mayHedge } from './hedge.ts'
import { startTry, type Try, type TryServices } from './try.ts'

export interface RaceServices extends TryServices {
  readonly pool: Pick<PoolClient, 'acquire'>
}

export type RaceOutcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly lease: Lease }
  | { readonly kind: 'client-gone' }
  /** The failures are noted. */
  | { readonly kind: 'failed' }

/** Sends the request to the backend of the lease; the outcome takes the lease over. */
export async function race(
  course: Course,
  lease: Lease,
  clientLeft: Signal,
  services: RaceServices,
): Promise<RaceOutcome> {
  const first = startTry(course, lease, clientLeft, services)
  const backup = planHedge(course, first, clientLeft, services)
  const second = await Promise.race([first.done.then(() => undefined), backup.started])
  if (second) return firstAnswer([first, second], course, services)
  const outcome = await firstAnswer([first], course, services)
  backup.callOff()
  return outcome
}

interface Backup {
  /** The second try, or undefined when there is none; never rejects, and resolves soon when it is called off. */
  readonly started: Promise<Try | undefined>
  /** Ends whatever has been started of it. */
  callOff(): void
}

const NO_BACKUP: Backup = { started: Promise.resolve(undefined), callOff: () => undefined }

/** Costs a timer, unless the attempt is slow: hardly any is. */
function planHedge(course: Course, first: Try, clientLeft: Signal, services: RaceServices): Backup {
  const { failures, hasHedged } = course
  const { lease, timeoutMs } = first
  if (!mayHedge(lease, { failures, hasHedged, timeoutMs, isLocal: lease.isLocal })) return NO_BACKUP
  const { promise: started, resolve } = Promise.withResolvers<Try | undefined>()
  let calledOff: Trigger | undefined
  const stopTimer = services.ambient.after(hedgeAfterMs(lease), () => {
    calledOff = new Trigger()
    resolve(startHedge(course, first, calledOff, clientLeft, services))
  })
  const callOff = (): void => {
    stopTimer()
    resolve(undefined)
    calledOff?.abort()
    if (calledOff) services.defer(started.then((hedge) => hedge?.callOff()))
  }
  return { started, callOff }
}

async function startHedge(
  course: Course,
  { lease }: Try,
  calledOff: Signal,
  clientLeft: Signal,
  services: RaceServices,
): Promise<Try | undefined> {
  const { budget, pool } = services
  // Each copy that is sent is one more in memory.
  const release = budget.reserve(course.job.body.byteLength)
  if (!release) return undefined
  // When a client resets, the runtime may drop this context without running what follows.
  clientLeft.addEventListener('abort', release)
  const slot = await pool.acquire(course.hedgeRequest(lease.backendId), calledOff)
  if (!slot.ok || calledOff.aborted) {
    release()
    if (slot.ok) slot.lease[Symbol.dispose]()
    return undefined
  }
  course.hasHedged = true
  const hedge = startTry(course, slot.lease, clientLeft, services)
  return { ...hedge, done: hedge.done.finally(release) }
}

/** The first answer of several tries; the others are called off. Failures are noted in the order they come. */
function firstAnswer(tries: readonly Try[], course: Course, { ambient }: RaceServices): Promise<RaceOutcome> {
  return new Promise((resolve) => {
    const running = new Set(tries)
    const told: Promise<void>[] = []
    const settle = async (current: Try, outcome: AttemptOutcome): Promise<void> => {
      // Those that were called off are over.
      if (!running.delete(current)) return
      if (outcome.kind === 'failure') {
        told.push(course.fail(current, outcome.failure, ambient.now() - current.startedAt))
        if (running.size > 0) return
        await Promise.all(told)
        return resolve({ kind: 'failed' })
      }
      for (const other of running) other.callOff()
      running.clear()
      if (outcome.kind === 'answer') return resolve({ ...outcome, lease: current.lease })
      current.lease[Symbol.dispose]()
      course.ended(current.lease, 'called-off')
      resolve(outcome)
    }
    for (const current of tries) void current.done.then((outcome) => settle(current, outcome))
  })
}
