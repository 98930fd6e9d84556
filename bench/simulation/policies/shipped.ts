/** The pool that ships: its client in each isolate, its object behind an RPC, with a witness of each step. */
import type { Ambient } from '../../../src/lib/ambient.ts'
import { PoolClient } from '../../../src/pool/client.ts'
import { LocalView } from '../../../src/pool/local-view.ts'
import { Membership, memberOf, type PoolRef } from '../../../src/pool/membership.ts'
import type { PoolStep } from '../../../src/pool/pool-host.ts'
import type { Shard } from '../../../src/pool/shards.ts'
import type { PoolState } from '../../../src/pool/state.ts'
import { memoryDatabase } from '../../../test/support/database.ts'
import type { Witness } from '../invariants/observed.ts'
import type { Flight } from '../model/flight.ts'
import { PoolObjectSim } from '../model/pool-object.ts'
import type { Way } from '../model/rpc.ts'
import { indexOf, type Policy, type PolicyFactory, type PolicyHost, type Slots } from './policy.ts'
import { Serials } from './serials.ts'

export interface ShippedOptions {
  readonly witness?: Witness
  /** Whether a slow attempt may have a second one beside it. */
  readonly hedges?: boolean
  /** Where the pools and the isolates are; one place when left out. */
  readonly world?: {
    readonly shards: ReadonlyMap<string, Shard>
    readonly continentOf: (isolate: number) => string
    /** One way between a Worker and a pool's object. */
    readonly hopMs: (isolate: number, pool: PoolRef) => number
    /** Whether an isolate may ask a pool. */
    readonly mayUse: (isolate: number, pool: PoolRef) => boolean
  }
}

export const shippedPolicy =
  (options: ShippedOptions = {}): PolicyFactory =>
  (host) =>
    new ShippedPolicy(host, options)

/** As configured when an operator says nothing. */
const PATIENCE_MS = 20_000
/** Until a caller notices that an object was reset. */
const NOTICE_MS = [30, 210] as const

const NO_HEDGES = { ok: false, reason: 'budget', retryAfterMs: 0 } as const

export class ShippedPolicy implements Policy {
  readonly patienceMs = PATIENCE_MS
  readonly #host: PolicyHost
  readonly #options: ShippedOptions
  readonly #membership: Membership
  readonly #objects: ReadonlyMap<string, PoolObjectSim>
  readonly #memberships = new Map<number, Membership>()
  readonly #views = new Map<number, LocalView>()
  readonly #way: Way
  #last: PoolStep | undefined

  constructor(host: PolicyHost, options: ShippedOptions) {
    this.#host = host
    this.#options = options
    const { engine, random, isLost } = host
    this.#way = { engine, isLost, cutUntil: 0, noticeMs: () => random.between(...NOTICE_MS) }
    this.#membership = new Membership(host.backends)
    this.#objects = new Map(this.#membership.pools.map(({ name }) => [name, this.#objectOf(name)]))
  }

  get state(): PoolState {
    if (!this.#last) throw new Error('The pool has not been asked.')
    return this.#last.after
  }

  get now(): number {
    return this.#last?.now ?? 0
  }

  slotsFor(flight: Flight, ambient: Ambient): Slots {
    const client = this.#clientOf(flight, ambient)
    if (this.#options.hedges ?? true) return client
    return {
      acquire: (wanted, calledOff) =>
        wanted.purpose === 'hedge' ? Promise.resolve(NO_HEDGES) : client.acquire(wanted, calledOff),
    }
  }

  restart(): void {
    for (const object of this.#objects.values()) object.restart()
  }

  cut(until: number): void {
    this.#way.cutUntil = until
  }

  #clientOf({ isolate }: Flight, ambient: Ambient): PoolClient {
    const { world } = this.#options
    return new PoolClient({
      stubOf: (pool) => {
        const hopMs = world?.hopMs(isolate, pool) ?? this.#host.network.hopMs
        const object = this.#objects.get(pool.name)
        if (!object) throw new Error(`There is no pool ${pool.name}.`)
        return object.stub(hopMs)
      },
      membership: this.#membershipOf(isolate),
      shards: world?.shards ?? new Map(),
      continent: world?.continentOf(isolate),
      view: this.#viewOf(isolate),
      ambient,
      emit: () => undefined,
      defer: () => undefined,
    })
  }

  #membershipOf(isolate: number): Membership {
    const { world } = this.#options
    if (!world) return this.#membership
    const known = this.#memberships.get(isolate)
    if (known) return known
    const usable = this.#membership.pools.filter((pool) => world.mayUse(isolate, pool))
    const made = new Membership(usable.flatMap(({ name }) => this.#membership.membersOf(name)))
    this.#memberships.set(isolate, made)
    return made
  }

  #viewOf(isolate: number): LocalView {
    const known = this.#views.get(isolate)
    if (known) return known
    const view = new LocalView()
    this.#views.set(isolate, view)
    return view
  }

  #objectOf(name: string): PoolObjectSim {
    const { engine, machine, gauge, hasMemory, probe } = this.#host
    const { witness } = this.#options
    let lives = 0
    const database = hasMemory ? memoryDatabase() : undefined
    const serials = new Serials()
    return new PoolObjectSim({
      name,
      way: this.#way,
      gauge,
      ambient: machine.ambient(() => `life ${++lives}`),
      ...(database && { openDatabase: () => database }),
      pool: {
        membersOf: () => this.#membership.membersOf(name).map(memberOf),
        probe: (backendId, test) => probe(indexOf(backendId), test),
        forgetful: (error) => engine.fail(new Error('The memory of the pool failed.', { cause: error })),
        isMetered: false,
      },
      began: () => witness?.began(),
      watch: (step) => {
        this.#last = step
        if (!witness) return
        try {
          witness.stepped({ ...step, serial: serials.of(step) })
        } catch (error) {
          engine.fail(error as Error)
        }
      },
    })
  }
}
