/** The Workers: each request goes through the dispatch that ships, with backends and a pool that are simulated. */
import type { Backend } from '../../../src/backends/backend.ts'
import { ByteBudget } from '../../../src/dispatch/byte-budget.ts'
import { type DispatchServices, dispatch } from '../../../src/dispatch/dispatch.ts'
import type { DecodeJob } from '../../../src/dispatch/job.ts'
import { relay } from '../../../src/dispatch/relay.ts'
import { backendPatience } from '../../../src/dispatch/stall.ts'
import type { Ambient } from '../../../src/lib/ambient.ts'
import { ownAmbient } from '../../../src/lib/own-ambient.ts'
import { Trigger } from '../../../src/lib/signal.ts'
import type { Engine } from '../engine/engine.ts'
import type { VirtualMachine } from '../engine/virtual-machine.ts'
import type { Recorder } from '../metrics/recorder.ts'
import { indexOf, type Policy } from '../policies/policy.ts'
import type { Attempt } from './attempt.ts'
import type { SimBackend } from './backend.ts'
import type { Flight } from './flight.ts'
import { transferMs } from './network.ts'

export interface WorkersParts {
  readonly engine: Engine
  readonly machine: VirtualMachine
  readonly configured: readonly Backend[]
  readonly backends: readonly SimBackend[]
  readonly policy: Policy
  readonly recorder: Recorder
}

/** What became of a request. */
export interface Ended {
  readonly flight: Flight
  readonly how: 'served' | 'rejected' | 'failed' | 'left'
  /** The code of its problem. */
  readonly why: string
  /** Whose answer it was. */
  readonly backendId?: string
  /** When a client that was refused is told to come back. */
  readonly retryAfterMs: number
}

/** As configured when an operator says nothing. */
const COMMIT_BYTES = 4_194_304
const BODY_BUDGET_BYTES = 40_000_000

export class Workers {
  readonly #parts: WorkersParts
  readonly #backendOf: ReadonlyMap<string, Backend>
  readonly #budgets = new Map<number, ByteBudget>()

  constructor(parts: WorkersParts) {
    this.#parts = parts
    this.#backendOf = new Map(parts.configured.map((backend) => [backend.id, backend]))
  }

  /** Resolves when the client has its answer, or has been refused, or has left. */
  async serve(flight: Flight): Promise<Ended> {
    const { engine, recorder } = this.#parts
    const { order, key, deadlineMs, saysDeadline, leavesAt, serial } = flight
    recorder.arrived(flight)
    const left = new Trigger()
    if (Number.isFinite(leavesAt)) engine.schedule(leavesAt, () => left.abort(), null)
    let names = 0
    const ambient = ownAmbient(this.#parts.machine.ambient(() => `${serial}.${names++}`))
    const sent: Attempt[] = []
    const job: DecodeJob = {
      key: `k${key}`,
      ...order,
      deadlineAt: ambient.now() + deadlineMs,
      ...(!saysDeadline && { deadlineMs }),
      isStillGood: STILL_GOOD,
    }
    const services = this.#servicesFor(flight, ambient, sent)
    const dispatched = await dispatch(job, left, services)
    if (!dispatched.ok) {
      const { code, retryAfterSeconds = 0 } = dispatched.error
      const how = left.aborted ? 'left' : sent.length > 0 ? 'failed' : 'rejected'
      return this.#ended(flight, how, code, 1_000 * retryAfterSeconds)
    }
    const { answer, backendId, expectedMs, finish } = dispatched.value
    const patience = backendPatience(order.expected.kind === 'video', expectedMs)
    const limits = { maxBytes: order.maxAnswerBytes, patience }
    const end = await relay(answer, limits, left, ambient).ended
    finish(end)
    if (end !== 'served') return this.#ended(flight, end === 'client-gone' ? 'left' : 'failed', end, 0)
    this.#recordServed(flight, backendId, sent)
    return { ...this.#ended(flight, 'served', '', 0), backendId }
  }

  #servicesFor(flight: Flight, ambient: Ambient, sent: Attempt[]): DispatchServices {
    const { backends, policy, recorder, engine } = this.#parts
    return {
      ambient,
      events: NO_EVENTS,
      budget: this.#budgetOf(flight.isolate),
      defer: () => undefined,
      pool: policy.slotsFor(flight, ambient),
      backendOf: (id) => this.#backendOf.get(id),
      commitBytes: COMMIT_BYTES,
      minAttemptMs: policy.patienceMs,
      send: ({ id }, { attemptId }, signal) => {
        const target = backends[indexOf(id)] as SimBackend
        const attempt = target.send(flight, attemptId, signal)
        flight.attempts++
        recorder.attempted(flight, target.faults.isFaulty(engine.now))
        sent.push(attempt)
        return attempt.answer
      },
    }
  }

  #budgetOf(isolate: number): ByteBudget {
    const known = this.#budgets.get(isolate)
    if (known) return known
    const budget = new ByteBudget(BODY_BUDGET_BYTES)
    this.#budgets.set(isolate, budget)
    return budget
  }

  #recordServed(flight: Flight, backendId: string, sent: readonly Attempt[]): void {
    const { backends, engine, recorder } = this.#parts
    const index = indexOf(backendId)
    const { network } = (backends[index] as SimBackend).settings
    const won = sent.findLast(({ backend }) => backend === index)
    const waitMs = engine.now - flight.arrivedAt - (won?.decodeMs ?? 0) - transferMs(network)
    recorder.served(flight, waitMs, engine.now)
  }

  #ended(flight: Flight, how: Ended['how'], why: string, retryAfterMs: number): Ended {
    this.#parts.recorder.ended(flight, how, why, this.#parts.engine.now)
    return { flight, how, why, retryAfterMs }
  }
}

const STILL_GOOD = (): Promise<boolean> => Promise.resolve(true)
const NO_EVENTS = { emit: () => undefined }
