/**
 * One life of a pool: `step` with a clock, a timer, callers that wait and probes that go out. Leases and queue live as
 * long as their callers do; only learnt numbers are kept. It knows no platform, so that the simulator runs it too.
 */
import type { Ambient } from '../lib/ambient.ts'
import type { Database } from '../lib/database.ts'
import { OwnClock } from '../lib/own-clock.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import type { OperatorOrder, PoolAction, PoolEvent, ProbeResult, ProbeTest } from './events.ts'
import { HeldLease } from './held-lease.ts'
import { emptyPool, type Memory } from './initial.ts'
import { MemoryKeeper } from './memory-keeper.ts'
import { readAcquire, statusOf } from './messages.ts'
import { PoolMeter } from './meter.ts'
import type {
  AcquireAnswer,
  AcquireRequest,
  AdoptRequest,
  PoolMetrics,
  PoolService,
  PoolStatus,
} from './protocol.ts'
import type { BackendShelf } from './shelf.ts'
import { Shelving } from './shelving.ts'
import type { PoolMember, PoolState } from './state.ts'
import { nextWakeAt, step } from './step.ts'
import { WaitingRoom } from './waiting-room.ts'

/** What the object is given by the composition root. */
export interface PoolParts {
  /** The backends of the pool of this name. */
  readonly membersOf: (poolName: string | undefined) => readonly PoolMember[]
  /** Never rejects. */
  readonly probe: (backendId: string, test: ProbeTest, task: string | undefined) => Promise<ProbeResult>
  /** Where orders are kept whatever pool a backend is in. */
  readonly shelf?: BackendShelf
  /** Says that the database failed; the pool goes on without. */
  readonly forgetful: (error: unknown) => void
  /** Whether there are operators who may ask for what it has counted. */
  readonly isMetered: boolean
}

/** One step of the pool, in its own time. */
export interface PoolStep {
  readonly before: PoolState
  readonly event: PoolEvent
  readonly after: PoolState
  readonly actions: readonly PoolAction[]
  readonly now: number
}

/** Where a pool lives. */
export interface PoolPlace<Handle> {
  readonly ambient: Pick<Ambient, 'now' | 'after' | 'random' | 'randomUuid'>
  readonly poolName: string | undefined
  /** Its memory, where there is one; what this throws costs what was learnt. */
  readonly openDatabase?: () => Database
  /** A lease as it goes to its holder. */
  readonly handleOf: (lease: HeldLease) => Handle
  /** Sees each step before its actions are performed. */
  readonly watch?: (step: PoolStep) => void
}

const ORDER_OF = { drained: 'drain', disabled: 'disable', none: 'enable' } as const

export class PoolHost<Handle> implements PoolService<Handle> {
  readonly #epoch: string
  readonly #parts: PoolParts
  readonly #place: PoolPlace<Handle>
  readonly #clock: OwnClock
  readonly #meter: PoolMeter
  readonly #waiting: WaitingRoom<Handle>
  readonly #memory: MemoryKeeper
  readonly #shelving: Shelving
  /** The probes that are under way, by backend. */
  readonly #probes = new Map<string, Promise<ProbeResult>>()
  #state: PoolState

  constructor(parts: PoolParts, place: PoolPlace<Handle>) {
    const { ambient, poolName, openDatabase } = place
    this.#parts = parts
    this.#place = place
    this.#clock = new OwnClock(ambient, () => this.#step({ kind: 'tick' }))
    this.#meter = new PoolMeter(ambient, parts.isMetered)
    this.#epoch = ambient.randomUuid()
    this.#waiting = new WaitingRoom({
      epoch: this.#epoch,
      meter: this.#meter,
      leaseOf: (backendId, leaseId) => this.#lease(backendId, leaseId),
    })
    const keeping = {
      backends: () => this.#state.backends,
      ambient,
      failed: (error: unknown) => {
        this.#meter.forgot()
        parts.forgetful(error)
      },
    }
    this.#memory = new MemoryKeeper({ ...keeping, wrote: (ids) => this.#shelving.keep(ids) })
    this.#shelving = new Shelving({
      ...keeping,
      poolName: poolName ?? '',
      shelf: parts.shelf,
      found: (backendId, order) =>
        this.#step({ kind: 'operate', backendId, order: ORDER_OF[order ?? 'none'] }),
    })
    const own = openDatabase ? this.#memory.read(openDatabase) : new Map()
    this.#state = this.#begin(this.#shelving.begin(own, openDatabase))
  }

  /** Before anybody is let in: orders that were given while a backend was in another pool. */
  async recall(): Promise<void> {
    const memories = await this.#shelving.ask()
    if (memories) this.#state = this.#begin(memories)
  }

  /** Waits for a slot until the deadline; the promise is the place in the queue. */
  acquire(request: AcquireRequest): Promise<AcquireAnswer<Handle>> {
    return new Promise((resolve) => {
      const job = readAcquire(request, this.#clock.now())
      this.#waiting.enter(job, resolve)
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
  adopt({ backendId, predictedMs, elapsedMs }: AdoptRequest): Handle | null {
    if (!this.#state.backends.some(({ id }) => id === backendId)) return null
    const { nextLeaseId } = this.#state
    this.#step({ kind: 'adopt', backendId, predictedMs, elapsedMs })
    return this.#lease(backendId, nextLeaseId)
  }

  async operate(backendId: string, order: OperatorOrder): Promise<void> {
    this.#step({ kind: 'operate', backendId, order })
    if (order === 'probe') return
    const kept = this.#shelving.ordered(backendId)
    this.#memory.write()
    await kept
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

  #begin(memories: ReadonlyMap<string, Memory>): PoolState {
    const { ambient, poolName } = this.#place
    const seed = Math.floor(ambient.random() * 2 ** 32)
    return emptyPool(this.#parts.membersOf(poolName), { seed, now: this.#clock.now(), memories })
  }

  #step(event: PoolEvent): void {
    const now = this.#clock.now()
    const before = this.#state
    const [after, actions] = step(before, event, now)
    this.#meter.stepped(before, after, event)
    this.#state = after
    this.#place.watch?.({ before, event, after, actions, now })
    for (const action of actions) this.#perform(action)
    this.#clock.wakeAt(nextWakeAt(after, now))
    if (event.kind === 'free' || event.kind === 'probed') this.#memory.writeSoon()
  }

  #perform(action: PoolAction): void {
    if (action.kind !== 'probe') {
      this.#waiting.tell(action, this.#state, this.#clock.now())
      return
    }
    const { backendId, test, task } = action
    const probed = this.#parts.probe(backendId, test, task).then((result) => {
      if (this.#probes.get(backendId) === probed) this.#probes.delete(backendId)
      this.#step({ kind: 'probed', backendId, test, task, result })
      return result
    })
    this.#probes.set(backendId, probed)
  }

  #lease(backendId: string, leaseId: number): Handle {
    const held = new HeldLease((event) => this.#step({ ...event, backendId, leaseId }))
    return this.#place.handleOf(held)
  }
}
