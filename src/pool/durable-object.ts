/** One pool on the platform: a life of it as a Durable Object, with the object's own database and leases over RPC. */
import { DurableObject } from 'cloudflare:workers'
import { realAmbient } from '../lib/ambient.ts'
import { ownAmbient } from '../lib/own-ambient.ts'
import { StillStand } from '../lib/stuck-clock.ts'
import type { Recorded } from '../telemetry/recorder.ts'
import type { OperatorOrder, ProbeResult } from './events.ts'
import { LeaseTarget } from './lease-target.ts'
import { PoolHost, type PoolParts } from './pool-host.ts'
import type {
  AcquireAnswer,
  AcquireRequest,
  AdoptRequest,
  PoolMetrics,
  PoolService,
  PoolStatus,
} from './protocol.ts'

/** Each method is one of `PoolHost`, which says what it does. */
export class PoolObject extends DurableObject implements PoolService<LeaseTarget> {
  readonly #host: PoolHost<LeaseTarget>
  readonly #stillStand = new StillStand()

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, parts: PoolParts) {
    super(ctx, env)
    this.#host = new PoolHost(parts, {
      ambient: ownAmbient(realAmbient),
      poolName: ctx.id.name,
      openDatabase: () => ctx.storage.sql,
      handleOf: (lease) => new LeaseTarget(lease),
    })
    // Never rejects, and takes seconds at most.
    void ctx.blockConcurrencyWhile(() => this.#host.recall())
  }

  acquire(request: AcquireRequest): Promise<AcquireAnswer<LeaseTarget>> {
    // Nothing would be due for an hour. Its next life has the right time, and callers find it as after any death.
    if (this.#stillStand.isFound(Date.now(), request.wall))
      this.ctx.abort('The time of this object stands still.')
    return this.#host.acquire(request)
  }

  cancel(ticket: string): void {
    this.#host.cancel(ticket)
  }

  ping(): string {
    return this.#host.ping()
  }

  adopt(request: AdoptRequest): LeaseTarget | null {
    return this.#host.adopt(request)
  }

  operate(backendId: string, order: OperatorOrder): Promise<void> {
    return this.#host.operate(backendId, order)
  }

  examine(backendId: string): Promise<ProbeResult | null> {
    return this.#host.examine(backendId)
  }

  status(): PoolStatus {
    return this.#host.status()
  }

  count(recorded: Recorded): void {
    this.#host.count(recorded)
  }

  metrics(): PoolMetrics {
    return this.#host.metrics()
  }
}
