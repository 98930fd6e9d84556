/**
 * One turn of the loop: an attempt and, when it is overdue, another one beside it. Whatever the order in which timers, slots
 * and answers come, each attempt ends once: it wins, it is noted as a failure, or it is called off.
 */
import { type Signal, Trigger } from '../lib/signal.ts'
import type { Lease, PoolClient } from '../pool/client.ts'
import type { Answer, AttemptOutcome } from './attempt.ts'
import type { Course } from './course.ts'
import { MAX_ATTEMPTS, MAX_ATTEMPTS_DEGRADED } from './retry-policy.ts'
import { startTry, type Try, type TryServices } from './try.ts'

export interface RaceServices extends TryServices {
  readonly pool: Pick<PoolClient, 'acquire'>
}

export type RaceOutcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly lease: Lease }
  | { readonly kind: 'client-gone' }
  /** The failures are noted. */
  | { readonly kind: 'failed' }

/** After a pool that had no other backend just then. */
const ASK_AGAIN_MS = 5_000

/** Copies of a request that run at a time. */
const MAX_RUNNING = 2

/** Sends the request to the backend of the lease; the outcome takes the lease over. */
export function race(
  course: Course,
  lease: Lease,
  clientLeft: Signal,
  services: RaceServices,
): Promise<RaceOutcome> {
  const { promise, resolve } = Promise.withResolvers<RaceOutcome>()
  new Race(course, clientLeft, services, resolve).start(lease)
  return promise
}

class Race {
  readonly #course: Course
  readonly #clientLeft: Signal
  readonly #services: RaceServices
  readonly #resolve: (outcome: RaceOutcome) => void
  /** The oldest first. */
  readonly #running: Try[] = []
  readonly #told: Promise<void>[] = []
  readonly #over = new Trigger()
  #stopTimer = (): void => {}

  constructor(
    course: Course,
    clientLeft: Signal,
    services: RaceServices,
    resolve: (outcome: RaceOutcome) => void,
  ) {
    this.#course = course
    this.#clientLeft = clientLeft
    this.#services = services
    this.#resolve = resolve
  }

  /** @param ended called when the attempt is over */
  start(lease: Lease, ended?: () => void): void {
    const current = startTry(this.#course, lease, this.#clientLeft, this.#services)
    this.#running.push(current)
    void current.done.then((outcome) => this.#settle(current, outcome)).finally(ended)
    const most = lease.isLocal ? MAX_ATTEMPTS_DEGRADED : MAX_ATTEMPTS
    if (this.#course.spent + this.#running.length < most) this.#askLater(current.overdueMs)
  }

  /** Costs a timer, unless the attempt is overdue: hardly any is. */
  #askLater(ms: number): void {
    this.#stopTimer()
    this.#stopTimer = this.#services.ambient.after(ms, () => {
      this.#services.defer(this.#ask(ms))
    })
  }

  /** Asks for another backend. Until one is granted, and if none is, the attempt goes on. */
  async #ask(againMs: number): Promise<void> {
    const { budget, pool } = this.#services
    // Each copy that is sent is one more in memory.
    const release = budget.reserve(this.#course.job.body.byteLength)
    if (!release) return this.#askLater(againMs)
    // When a client resets, the runtime may drop this context without running what follows.
    this.#clientLeft.addEventListener('abort', release)
    const ids = this.#running.map(({ lease }) => lease.backendId)
    const slot = await pool.acquire(this.#course.hedgeRequest(ids), this.#over)
    if (!slot.ok || this.#over.aborted) {
      release()
      if (slot.ok) slot.lease[Symbol.dispose]()
      else if (!this.#over.aborted) this.#askLater(Math.min(againMs, ASK_AGAIN_MS))
      return
    }
    if (this.#running.length >= MAX_RUNNING) this.#running.shift()?.callOff()
    this.start(slot.lease, release)
  }

  async #settle(current: Try, outcome: AttemptOutcome): Promise<void> {
    const at = this.#running.indexOf(current)
    // Those that were called off are over.
    if (at < 0) return
    this.#running.splice(at, 1)
    if (outcome.kind === 'failure') {
      const ms = this.#services.ambient.now() - current.startedAt
      this.#told.push(this.#course.fail(current, outcome.failure, ms))
      if (this.#running.length > 0) return
      this.#end()
      await Promise.all(this.#told)
      return this.#resolve({ kind: 'failed' })
    }
    this.#end()
    if (outcome.kind === 'answer') return this.#resolve({ ...outcome, lease: current.lease })
    current.lease[Symbol.dispose]()
    this.#course.ended(current.lease, 'called-off')
    this.#resolve(outcome)
  }

  /** Calls off what runs and what is asked for. */
  #end(): void {
    this.#stopTimer()
    this.#over.abort()
    for (const other of this.#running.splice(0)) other.callOff()
  }
}
