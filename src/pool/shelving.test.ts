/** Pools that come and go over one shelf, which may fail. */
import { describe, expect, test } from 'vitest'
import { memoryDatabase } from '../../test/support/database.ts'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { member } from '../../test/support/pool.ts'
import { BackendShelf } from '../admin/backend-shelf.ts'
import type { Database } from '../lib/database.ts'
import { PoolHost } from './pool-host.ts'
import type { KeptBackend } from './shelf.ts'

class World {
  readonly ambient = new FakeAmbient()
  readonly faults: unknown[] = []
  readonly #shelf = new BackendShelf(memoryDatabase())
  readonly #databases = new Map<string, Database>()
  isSilent = false
  isFull = false

  /** A life of the pool of these backends, named after the first as pools are, once it lets callers in. */
  async begin(...ids: readonly string[]): Promise<PoolHost<unknown>> {
    const [poolName = ''] = ids
    const host = new PoolHost<unknown>(
      {
        membersOf: () => ids.map((id) => member(id)),
        probe: async () => 'passed',
        forgetful: (error) => this.faults.push(error),
        isMetered: false,
        shelf: {
          findBackends: (asked) => this.#call(() => asked.flatMap((id) => this.#shelf.find(id) ?? [])),
          keepBackends: (kept: readonly KeptBackend[]) =>
            this.#call(() => {
              for (const one of kept) this.#shelf.keep(one)
            }),
        },
      },
      {
        ambient: this.ambient,
        poolName,
        openDatabase: () => this.#databaseOf(poolName),
        handleOf: (lease) => lease,
      },
    )
    await this.settled(host.recall())
    return host
  }

  /** What a promise gives once every patience is over. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined)
    await this.ambient.pass(3_000)
    return promise
  }

  kept(id: string): KeptBackend | undefined {
    return this.#shelf.find(id)
  }

  /** The pool's own database is lost. */
  lose(poolName: string): void {
    this.#databases.delete(poolName)
  }

  #databaseOf(poolName: string): Database {
    const database = this.#databases.get(poolName) ?? memoryDatabase()
    this.#databases.set(poolName, database)
    return {
      exec: (text, ...values) => {
        if (this.isFull && text.startsWith('INSERT')) throw new Error('database or disk is full')
        return database.exec(text, ...values)
      },
    }
  }

  #call<T>(run: () => T): Promise<T> {
    return this.isSilent ? new Promise(() => undefined) : Promise.resolve(run())
  }
}

const stateOf = (host: PoolHost<unknown>, id: string): string | undefined =>
  host.status().backends.find((one) => one.id === id)?.health

describe('FA8: an order of the operator', () => {
  test.each([
    ['the first backend is taken away', ['beta', 'gamma']],
    ['their order changes', ['gamma', 'beta', 'alpha']],
    ['it is alone', ['beta']],
    ['another pool is joined to it', ['delta', 'alpha', 'beta', 'gamma']],
  ])('stays when %s', async (_, ids) => {
    const world = new World()
    const first = await world.begin('alpha', 'beta', 'gamma')
    await first.operate('beta', 'disable')
    const second = await world.begin(...ids)
    expect(stateOf(second, 'beta')).toBe('disabled')
    await second.operate('beta', 'enable')
    const third = await world.begin('alpha', 'beta', 'gamma')
    expect(stateOf(third, 'beta')).not.toBe('disabled')
  })

  test('is kept before it is confirmed', async () => {
    const world = new World()
    const pool = await world.begin('alpha', 'beta')
    await pool.operate('beta', 'drain')
    expect(world.kept('beta')).toMatchObject({ order: 'drained', orders: 1 })
  })

  test('is kept by the pool itself while the shelf is silent, and by the shelf as soon as it is not', async () => {
    const world = new World()
    const pool = await world.begin('alpha', 'beta')
    world.isSilent = true
    await world.settled(pool.operate('beta', 'disable'))
    expect(stateOf(await world.begin('alpha', 'beta'), 'beta')).toBe('disabled')
    world.isSilent = false
    await world.ambient.pass(10_000)
    expect(world.kept('beta')).toMatchObject({ order: 'disabled' })
  })

  test('is refused where nothing could keep it', async () => {
    const world = new World()
    const pool = await world.begin('alpha', 'beta')
    world.isSilent = true
    world.isFull = true
    await expect(world.settled(pool.operate('beta', 'disable'))).rejects.toThrow('could not be kept')
  })

  test('is found later by a pool that began while the shelf was silent', async () => {
    const world = new World()
    await (await world.begin('alpha', 'beta')).operate('beta', 'disable')
    world.isSilent = true
    const pool = await world.begin('beta')
    expect(stateOf(pool, 'beta')).toBe('usable')
    world.isSilent = false
    await world.ambient.pass(10_000)
    expect(stateOf(pool, 'beta')).toBe('disabled')
  })

  test('of now is not undone by a former life of the pool', async () => {
    const world = new World()
    const former = await world.begin('alpha', 'beta')
    await former.operate('beta', 'disable')
    const pool = await world.begin('beta')
    await pool.operate('beta', 'enable')
    await former.operate('alpha', 'drain')
    expect(stateOf(await world.begin('beta'), 'beta')).not.toBe('disabled')
  })
})

test('FA8: what was learnt of a backend is known in another pool', async () => {
  const world = new World()
  const pool = await world.begin('alpha', 'beta')
  const job = {
    v: 2,
    ticket: 't',
    key: 'k',
    model: 'sdxl',
    predictedMs: 200,
    remainingMs: 60_000,
    exclude: ['alpha'],
    failures: [],
    purpose: 'first' as const,
  }
  const answer = await pool.acquire(job)
  if (!answer.ok) throw new Error(answer.reason)
  await world.ambient.pass(2_000)
  const lease = answer.lease as { free(outcome: object): void }
  lease.free({ decoded: true, computeMs: 2_000 })
  await world.ambient.pass(20_000)
  const learnt = (await world.begin('beta')).status().backends[0]
  expect(learnt).toEqual({ ...pool.status().backends[1], leases: 0 })
  expect(learnt).not.toEqual((await new World().begin('beta')).status().backends[0])
})
