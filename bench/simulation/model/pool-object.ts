/** The object of a pool as the platform runs it: one life after another, reached over RPC, with a database that stays. */
import type { Ambient } from '../../../src/lib/ambient.ts'
import { ownAmbient } from '../../../src/lib/own-ambient.ts'
import type { PoolStub } from '../../../src/pool/client.ts'
import type { HeldLease } from '../../../src/pool/held-lease.ts'
import type { RemoteLease } from '../../../src/pool/object-lease.ts'
import { PoolHost, type PoolParts, type PoolPlace, type PoolStep } from '../../../src/pool/pool-host.ts'
import type { AcquireAnswer } from '../../../src/pool/protocol.ts'
import type { IdleGauge } from '../metrics/idle-gauge.ts'
import { Line, type Way } from './rpc.ts'

export interface ObjectParts {
  readonly name: string
  readonly pool: PoolParts
  readonly way: Way
  readonly ambient: Ambient
  readonly openDatabase?: PoolPlace<HeldLease>['openDatabase']
  readonly gauge: IdleGauge
  /** A life begins, the first or the next. */
  readonly began: () => void
  readonly watch: (step: PoolStep) => void
}

interface Life {
  readonly host: PoolHost<HeldLease>
  readonly line: Line
  waiting: number
}

export class PoolObjectSim {
  readonly #parts: ObjectParts
  #life: Life

  constructor(parts: ObjectParts) {
    this.#parts = parts
    this.#life = this.#begin()
  }

  /** A stub of the present life; one that has seen its object reset fails for ever. */
  stub(hopMs: number): PoolStub {
    const life = this.#life
    const { host, line } = life
    return {
      acquire: async (request) => {
        const answer = await line.call(hopMs, () => this.#waitFor(life, host.acquire(request)))
        return this.#received(answer, line, hopMs)
      },
      cancel: (ticket) => line.call(hopMs, () => host.cancel(ticket)),
      ping: () => line.call(hopMs, () => host.ping()),
      adopt: async (request) => {
        const lease = await line.call(hopMs, () => host.adopt(request))
        return lease && this.#remote(lease, line, hopMs)
      },
    }
  }

  /** All that is in memory is gone, and the next life begins. */
  restart(): void {
    const { line, waiting } = this.#life
    line.end()
    this.#parts.gauge.changeWaiting(-waiting, this.#parts.way.engine.now)
    this.#life = this.#begin()
  }

  #begin(): Life {
    const { pool, name, ambient, openDatabase, began, watch } = this.#parts
    began()
    const line = new Line(this.#parts.way)
    const after: Ambient['after'] = (ms, task) =>
      ambient.after(ms, () => {
        if (!line.isOver) task()
      })
    const host = new PoolHost<HeldLease>(pool, {
      ambient: ownAmbient({ ...ambient, after }),
      poolName: name,
      ...(openDatabase && { openDatabase }),
      handleOf: (lease) => lease,
      // A probe may come back to a life that is over.
      watch: (step) => {
        if (!line.isOver) watch(step)
      },
    })
    void host.recall()
    return { host, line, waiting: 0 }
  }

  /** Counted while it waits in the queue. */
  #waitFor(life: Life, answered: Promise<AcquireAnswer<HeldLease>>): Promise<AcquireAnswer<HeldLease>> {
    const { gauge, way } = this.#parts
    life.waiting++
    gauge.changeWaiting(1, way.engine.now)
    return answered.then((answer) => {
      if (life.line.isOver) return answer
      life.waiting--
      gauge.changeWaiting(-1, way.engine.now)
      return answer
    })
  }

  #received(
    answer: AcquireAnswer<HeldLease>,
    line: Line,
    hopMs: number,
  ): AcquireAnswer<RemoteLease> & Partial<Disposable> {
    if (!answer.ok) return answer
    const lease = this.#remote(answer.lease, line, hopMs)
    return { ...answer, lease, [Symbol.dispose]: () => lease[Symbol.dispose]?.() }
  }

  #remote(lease: HeldLease, line: Line, hopMs: number): RemoteLease {
    const { way } = this.#parts
    const say = (perform: () => void): Promise<void> =>
      way.isLost() ? new Promise(() => undefined) : line.call(hopMs, perform)
    return {
      free: (timings) => say(() => lease.free(timings)),
      report: (evidence) => say(() => lease.report(evidence)),
      renew: () => say(() => lease.renew()),
      resize: (predictedMs) => say(() => lease.resize(predictedMs)),
      [Symbol.dispose]: () => {
        if (!way.isLost()) line.tell(hopMs, () => lease[Symbol.dispose]())
      },
    }
  }
}
