/** The pool of the gateway itself: `step` with a virtual clock, a timer and callers that wait, as its object is. */
import { advance, type Reading } from '../../../src/lib/own-time.ts'
import type { PoolAction, PoolEvent } from '../../../src/pool/events.ts'
import { emptyPool, type Memory } from '../../../src/pool/initial.ts'
import type { Job, PoolMember, PoolState } from '../../../src/pool/state.ts'
import { nextWakeAt, step } from '../../../src/pool/step.ts'
import type { Witness } from '../invariants/observed.ts'
import type { Question } from '../model/flight.ts'
import { backendId, backendIndex, isFree, MODEL, signatureOf } from '../model/verdict.ts'
import type { Policy, PolicyFactory, PolicyHost } from './policy.ts'

export function corePolicy(seed: number, witness?: Witness): PolicyFactory {
  return (host) => new CorePolicy(host, seed, witness)
}

export class CorePolicy implements Policy {
  readonly name = 'vae-gateway'
  readonly isCentral = true
  readonly knowsPauses = true
  readonly #host: PolicyHost
  readonly #witness: Witness | undefined
  readonly #members: readonly PoolMember[]
  readonly #waiting = new Map<string, Question>()
  readonly #seed: number
  #state: PoolState
  #wakeAt = Number.POSITIVE_INFINITY
  #lives = 0
  /** Set so far; the last one is the one that counts. */
  #timers = 0
  /** What the clock of its machine is off by. */
  #offMs = 0
  #reading: Reading = { now: 0, wall: 0 }

  constructor(host: PolicyHost, seed: number, witness: Witness | undefined) {
    this.#host = host
    this.#witness = witness
    this.#seed = seed
    this.#members = host.backends.map(({ isAbortable, isScaleToZero }, index) => ({
      id: backendId(index),
      models: [MODEL],
      slots: 1,
      abortable: isAbortable,
      scaleToZero: isScaleToZero,
    }))
    this.#state = this.#begin()
  }

  get state(): PoolState {
    return this.#state
  }

  /** In the pool's own time. */
  get now(): number {
    const dueAt = Number.isFinite(this.#wakeAt) ? this.#wakeAt : undefined
    this.#reading = advance(this.#reading, this.#host.engine.now + this.#offMs, dueAt)
    return this.#reading.now
  }

  setClock(byMs: number): void {
    this.#offMs += byMs
  }

  acquire(question: Question): void {
    this.#waiting.set(question.ticket, question)
    this.#apply({ kind: 'acquire', job: this.#jobOf(question) })
  }

  cancel({ ticket }: Question): void {
    this.#apply({ kind: 'cancel', ticket })
  }

  free(...[{ backend, leaseId }, { attemptMs, computeMs }]: Parameters<Policy['free']>): void {
    const times = {
      ...(attemptMs !== null && { attemptMs }),
      ...(computeMs !== null && { computeMs }),
    }
    const decoded = computeMs !== null
    this.#apply({ kind: 'free', backendId: backendId(backend), leaseId, decoded, ...times })
  }

  abandon({ backend, leaseId }: Parameters<Policy['abandon']>[0]): void {
    this.#apply({ kind: 'abandon', backendId: backendId(backend), leaseId })
  }

  renew({ backend, leaseId }: Parameters<Policy['renew']>[0]): void {
    this.#apply({ kind: 'renew', backendId: backendId(backend), leaseId })
  }

  report(...[{ backend, leaseId, flight }, evidence]: Parameters<Policy['report']>): void {
    this.#apply({ kind: 'report', backendId: backendId(backend), leaseId, evidence }, flight.serial)
  }

  probed(...[backend, test, result]: Parameters<Policy['probed']>): void {
    this.#apply({ kind: 'probed', backendId: backendId(backend), test, result })
  }

  restart(): void {
    this.#waiting.clear()
    const memories = new Map(this.#state.backends.map(({ id, pace }): [string, Memory] => [id, { pace }]))
    this.#lives++
    this.#timers++
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#state = this.#begin(memories)
  }

  adopt({ backend, flight, sentAt }: Parameters<NonNullable<Policy['adopt']>>[0]): number {
    const leaseId = this.#state.nextLeaseId
    const elapsedMs = this.#host.engine.now - sentAt
    this.#apply({ kind: 'adopt', backendId: backendId(backend), predictedMs: flight.predictedMs, elapsedMs })
    return leaseId
  }

  #begin(memories?: ReadonlyMap<string, Memory>): PoolState {
    const wall = this.#host.engine.now + this.#offMs
    this.#reading = { now: wall, wall }
    const { now } = this
    const seed = this.#seed + this.#lives
    const state = emptyPool(this.#members, { seed, now, ...(memories && { memories }) })
    this.#witness?.began(state, now)
    return state
  }

  #jobOf({ flight, ticket }: Question): Job {
    const { key, predictedMs, deadlineAt, excluded, failures } = flight
    const last = failures.at(-1)
    const { now } = this
    return {
      ticket,
      key: `k${key}`,
      model: MODEL,
      predictedMs,
      enqueuedAt: now,
      deadlineAt: now + deadlineAt - this.#host.engine.now,
      exclude: excluded.map(backendId),
      failures: failures.map(({ backendId, reason }) => ({ backendId, signature: signatureOf(reason) })),
      purpose: last && !isFree(last) ? 'retry' : 'first',
    }
  }

  /** @param serial of the request that the event is about, where the pool is not told */
  #apply(event: PoolEvent, serial = -1): void {
    const { now } = this
    const before = this.#state
    const [after, actions] = step(before, event, now)
    this.#state = after
    this.#witness?.stepped({ before, event, serial, after, actions, now })
    for (let i = 0; i < actions.length; i++) this.#perform(actions[i] as PoolAction)
    this.#arm(nextWakeAt(after, now))
  }

  #perform(action: PoolAction): void {
    if (action.kind === 'probe') {
      this.#host.probe(backendIndex(action.backendId), action.test)
      return
    }
    const question = this.#waiting.get(action.ticket)
    if (!question) return
    this.#waiting.delete(action.ticket)
    if (action.kind === 'reject') {
      this.#host.refused(question, action.reason, action.retryAfterMs)
      return
    }
    const { backendId, leaseId, startsInMs, expectedMs, isLearnt } = action
    const backend = backendIndex(backendId)
    this.#host.granted(question, { backend, leaseId, startsInMs, expectedMs, isLearnt })
  }

  /** A timer that is due before is left alone: it will look again. */
  #arm(wakeAt: number | undefined): void {
    if (wakeAt === undefined || wakeAt >= this.#wakeAt) return
    const { engine } = this.#host
    this.#wakeAt = wakeAt
    engine.schedule(engine.now + wakeAt - this.#reading.now, this.#wake, null, ++this.#timers)
  }

  readonly #wake = (_: null, timer: number): void => {
    if (timer !== this.#timers) return
    // Read while it is known by when it should have gone off.
    void this.now
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#apply({ kind: 'tick' })
  }
}
