/**
 * One pool on the platform: `step` with a clock, a timer, callers that wait and probes that go out. Leases and queue
 * live as long as their callers do; only learnt numbers are kept.
 */
import { DurableObject } from 'cloudflare:workers'
import { realAmbient } from '../lib/ambient.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import { PoolClock } from './clock.ts'
import type { OperatorOrder, PoolAction, PoolEvent, ProbeResult, ProbeTest } from './events.ts'
import { idleBeside } from './idle.ts'
import { emptyPool, type Memory } from './initial.ts'
import { LeaseTarget } from './lease-target.ts'
import { expectedWaitMs } from './load.ts'
import { PoolMemory } from './memory.ts'
import { readAcquire, statusOf } from './messages.ts'
import { PoolMeter } from './meter.ts'
import {
  type AcquireAnswer,
  type AcquireRequest,
  type AdoptRequest,
  type PoolMetrics,
  type PoolStatus,
  PROTOCOL_VERSION as v,
} from './protocol.ts'
import type { Job, PoolMember, PoolState } from './state.ts'
import { nextWakeAt, step } from './step.ts'

/** What the object is given by the composition root. */
export interface PoolParts {
  /** The backends of the pool of this name. */
  readonly membersOf: (poolName: string | undefined) => readonly PoolMember[]
  /** Never rejects. */
  readonly probe: (backendId: string, test: ProbeTest) => Promise<ProbeResult>
  /** Says that the database failed; the pool goes on without. */
  readonly forgetful: (error: unknown) => void
  /** Whether there are operators who may ask for what it has counted. */
  readonly isMetered: boolean
}

/** Whoever waits for a slot. */
interface Waiting {
  readonly answer: (answer: AcquireAnswer<LeaseTarget>) => void
  readonly purpose: Job['purpose']
  readonly since: number
}

/** Between two writes of what was learnt. */
const WRITE_AFTER_MS = 10_000

export class PoolObject extends DurableObject {
  readonly #epoch: string
  readonly #parts: PoolParts
  readonly #ambient = realAmbient
  readonly #clock = new PoolClock(realAmbient, () => this.#step({ kind: 'tick' }))
  readonly #meter: PoolMeter
  readonly #waiting = new Map<string, Waiting>()
  /** The probes that are under way, by backend. */
  readonly #probes = new Map<string, Promise<ProbeResult>>()
  #memory: PoolMemory | undefined
  #state: PoolState
  #isWriting = false

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, parts: PoolParts) {
    super(ctx, env)
    const { random, randomUuid } = this.#ambient
    this.#parts = parts
    this.#meter = new PoolMeter(this.#ambient, parts.isMetered)
    this.#epoch = randomUuid()
    this.#state = emptyPool(parts.membersOf(ctx.id.name), {
      seed: Math.floor(random() * 2 ** 32),
      now: this.#clock.now(),
      memories: this.#remember(ctx),
    })
  }

  /** Waits for a slot until the deadline; the promise is the place in the queue. */
  acquire(request: AcquireRequest): Promise<AcquireAnswer<LeaseTarget>> {
    return new Promise((resolve) => {
      const job = readAcquire(request, this.#clock.now())
      this.#waiting.set(job.ticket, { answer: resolve, purpose: job.purpose, since: job.enqueuedAt })
      this.#step({ kind: 'acquire', job })
    })
  }

  /** Takes a job whose caller left out of the queue. */
  cancel(ticket: string): void {
    this.#step({ kind: 'cancel', ticket })
  }

  /** Answers at once, so that a caller can tell a long queue from an object that is gone. */
  ping(): string {
    return this.#epoch
  }

  /** Takes over a decode that a former life of this object granted. */
  adopt({ backendId, predictedMs, elapsedMs }: AdoptRequest): LeaseTarget | null {
    if (!this.#state.backends.some(({ id }) => id === backendId)) return null
    const { nextLeaseId } = this.#state
    this.#step({ kind: 'adopt', backendId, predictedMs, elapsedMs })
    return this.#lease(backendId, nextLeaseId)
  }

  operate(backendId: string, order: OperatorOrder): void {
    this.#step({ kind: 'operate', backendId, order })
    this.#write()
  }

  /** Looks at a backend now. One that turns out to be there shows at once whether it can decode. */
  async examine(backendId: string): Promise<ProbeResult | null> {
    const look = (): Promise<ProbeResult> | undefined => {
      this.#step({ kind: 'operate', backendId, order: 'probe' })
      return this.#probes.get(backendId)
    }
    const found = (await look()) ?? null
    const isTried = this.#state.backends.some(
      ({ id, health }) => id === backendId && health.kind === 'half-open',
    )
    return found === 'passed' && isTried ? ((await look()) ?? found) : found
  }

  status(): PoolStatus {
    this.#step({ kind: 'tick' })
    return statusOf(this.#state, this.#epoch, this.#clock.now())
  }

  /** Takes what a Worker has counted since it last told. */
  count(recorded: Recorded): void {
    this.#meter.take(recorded)
  }

  metrics(): PoolMetrics {
    this.#step({ kind: 'tick' })
    return this.#meter.read(this.#state, this.#clock.now())
  }

  #step(event: PoolEvent): void {
    const now = this.#clock.now()
    const [state, actions] = step(this.#state, event, now)
    this.#meter.stepped(this.#state, state, event)
    this.#state = state
    for (const action of actions) this.#perform(action)
    this.#clock.wakeAt(nextWakeAt(state, now))
    if (event.kind === 'free' || event.kind === 'probed') this.#writeSoon()
  }

  #perform(action: PoolAction): void {
    if (action.kind === 'probe') {
      const { backendId, test } = action
      const probed = this.#parts.probe(backendId, test).then((result) => {
        if (this.#probes.get(backendId) === probed) this.#probes.delete(backendId)
        this.#step({ kind: 'probed', backendId, test, result })
        return result
      })
      this.#probes.set(backendId, probed)
      return
    }
    const waiting = this.#waiting.get(action.ticket)
    this.#waiting.delete(action.ticket)
    const now = this.#clock.now()
    const poolWaitMs = expectedWaitMs(this.#state, now)
    if (waiting) this.#meter.answered(action, waiting.purpose, now - waiting.since)
    if (action.kind === 'reject') {
      const { reason, retryAfterMs } = action
      waiting?.answer({ ok: false, v, reason, retryAfterMs, poolWaitMs })
      return
    }
    const { leaseId, backendId, startsInMs, expectedMs, isLearnt } = action
    const lease = this.#lease(backendId, leaseId)
    const idle = idleBeside(this.#state, action, now)
    const expected = { startsInMs, expectedMs, isLearnt, poolWaitMs, idle }
    waiting?.answer({ ok: true, v, epoch: this.#epoch, backendId, ...expected, lease })
  }

  #lease(backendId: string, leaseId: number): LeaseTarget {
    return new LeaseTarget((event) => this.#step({ ...event, backendId, leaseId }))
  }

  #remember(ctx: DurableObjectState): ReadonlyMap<string, Memory> {
    try {
      this.#memory = new PoolMemory(ctx.storage.sql)
      return this.#memory.read()
    } catch (error) {
      this.#forget(error)
      return new Map()
    }
  }

  /** Soon, with whatever else changes until then. A pool works without its memory. */
  #writeSoon(): void {
    if (this.#isWriting || !this.#memory) return
    this.#isWriting = true
    this.#ambient.after(WRITE_AFTER_MS, () => {
      this.#isWriting = false
      this.#write()
    })
  }

  #write(): void {
    try {
      this.#memory?.write(this.#state.backends)
    } catch (error) {
      this.#forget(error)
    }
  }

  #forget(error: unknown): void {
    this.#meter.forgot()
    this.#parts.forgetful(error)
  }
}
