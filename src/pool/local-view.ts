/** What an isolate knows of its pools by itself. It lives as long as the isolate and is all that degraded mode has. */
import type { Backend } from '../backends/backend.ts'
import { judge, type Placement, place, type Standing, UNKNOWN } from './degraded.ts'
import type { Evidence } from './events.ts'
import { servesTask } from './membership.ts'
import { type LossReason, lose, REACHABLE, type Reachability, type Route, route } from './reachability.ts'
import type { Report } from './shards.ts'

export type ReachabilityEvent =
  | { readonly kind: 'pool-degraded'; readonly pool: string; readonly why: LossReason }
  | { readonly kind: 'pool-recovered'; readonly pool: string }

/** A way that has become longer is noticed after some answers. */
const FORGETTING = 1.05

interface InFlight {
  readonly backendId: string
  readonly until: number
}

export class LocalView {
  readonly #pools = new Map<string, Reachability>()
  readonly #standings = new Map<string, Standing>()
  readonly #inFlight = new Set<InFlight>()
  readonly #reports = new Map<string, Report>()

  /** What pools said of themselves, by name. */
  get reports(): ReadonlyMap<string, Report> {
    return this.#reports
  }

  /** @param tookMs until the answer came, waiting included: the shortest lately is the way */
  heard(pool: string, waitMs: number, tookMs: number, at: number): void {
    const before = this.#reports.get(pool)?.rttMs ?? Number.POSITIVE_INFINITY
    this.#reports.set(pool, { waitMs, rttMs: Math.min(tookMs, before * FORGETTING), at })
  }

  routeOf(pool: string, now: number): Route {
    const [way, state] = route(this.#reachabilityOf(pool), now)
    this.#pools.set(pool, state)
    return way
  }

  /** The object of the pool has answered; an event if that is news. */
  found(pool: string): ReachabilityEvent | undefined {
    const wasLost = this.#reachabilityOf(pool).kind === 'lost'
    this.#pools.set(pool, REACHABLE)
    return wasLost ? { kind: 'pool-recovered', pool } : undefined
  }

  /** The object of the pool has not; an event if that is news. */
  lost(pool: string, why: LossReason, wasTrial: boolean, now: number): ReachabilityEvent | undefined {
    const before = this.#reachabilityOf(pool)
    this.#pools.set(pool, lose(before, wasTrial, now))
    return before.kind === 'lost' ? undefined : { kind: 'pool-degraded', pool, why }
  }

  /** Counts a job in flight until the returned function is called, or until its time is over. */
  enter(backendId: string, until: number): () => void {
    // A context that the runtime drops never says goodbye.
    const entry = { backendId, until }
    this.#inFlight.add(entry)
    return () => this.#inFlight.delete(entry)
  }

  learn(backendId: string, evidence: Evidence, now: number): void {
    this.#standings.set(backendId, judge(this.#standings.get(backendId) ?? UNKNOWN, evidence, now))
  }

  /** A backend for a job that no object can be asked about. */
  place(
    backends: readonly Backend[],
    model: string,
    exclude: readonly string[],
    random: () => number,
    now: number,
  ): Placement {
    const candidates = backends
      .filter((backend) => servesTask(backend, model) && !exclude.includes(backend.id))
      .map(({ id, slots }) => ({
        id,
        slots,
        inFlight: this.inFlight(id, now),
        standing: this.#standings.get(id) ?? UNKNOWN,
      }))
    return place(candidates, [random(), random()], now)
  }

  /** Jobs of this isolate that a backend has now. */
  inFlight(backendId: string, now: number): number {
    let count = 0
    for (const entry of this.#inFlight) {
      if (entry.until <= now) this.#inFlight.delete(entry)
      else if (entry.backendId === backendId) count++
    }
    return count
  }

  #reachabilityOf(pool: string): Reachability {
    return this.#pools.get(pool) ?? REACHABLE
  }
}
