/** What becomes of keys when the objects that keep them fail. That all goes well is tested on the real ones. */
import { describe, expect, test } from 'vitest'
import { memoryDatabase } from '../../test/support/database.ts'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { expectError, expectValue } from '../../test/support/results.ts'
import { planFingerprint } from '../auth/api-key.ts'
import { KeyRing } from '../auth/key-ring.ts'
import type { Result } from '../lib/result.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import { withRevocation } from '../limits/standing.ts'
import { builtIn } from '../models/registry.ts'
import { createKeySchema } from './contract.ts'
import { KeyDirectory } from './directory.ts'
import { stateOf } from './key-view.ts'
import { KeyDesk } from './keys.ts'

const PLAN = {
  name: 'default',
  models: ['*'],
  requestsPerMinute: 60,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}
const WANTED = createKeySchema.parse({ name: 'somebody' })

type Trouble = 'rejects' | 'is silent'

/** Objects that keep what they are told, and can be lost from a certain call on. */
class World {
  readonly ambient = new FakeAmbient(Date.parse('2027-01-31T12:00:00Z'))
  readonly records = new Map<string, KeyRecord>()
  readonly directory = new KeyDirectory(memoryDatabase())
  /** Ids of keys that somebody has used. */
  readonly used = new Set<string>()
  readonly minted: string[] = []
  readonly calls: string[] = []
  /** The call that fails, by its place among all. */
  lost: { readonly call: number; readonly how: Trouble } | undefined
  #ring = KeyRing.import([[1, new Uint8Array(16)]])

  readonly desk = new KeyDesk({
    accountOf: (id) => ({
      status: () =>
        this.#call('status', () => ({
          record: this.records.get(id) ?? null,
          quotas: [],
          inFlight: 0,
          isUsed: this.used.has(id),
        })),
      replace: (record, seen) =>
        this.#call('replace', () => {
          const before = this.records.get(id) ?? null
          if (before?.isRevoked || before?.rotatedTo !== seen) return false
          this.records.set(id, withRevocation(before, record))
          return true
        }),
      configure: (record) =>
        this.#call('configure', () => {
          this.records.set(id, withRevocation(this.records.get(id) ?? null, record))
        }),
      usage: () => this.#call('usage', () => []),
    }),
    directory: {
      enter: (records) =>
        this.#call('enter', () => {
          for (const record of records) this.directory.enter(record)
        }),
      find: (id) => this.#call('find', () => this.directory.find(id)),
      page: (limit, after) => this.#call('page', () => this.directory.page(limit, after)),
    },
    noteRevoked: () => undefined,
    keyRing: {
      mint: async (key) => {
        const text = await (await this.#ring).mint(key)
        this.minted.push(key.keyId)
        return text
      },
    },
    models: builtIn,
    plans: new Map([[planFingerprint('default'), PLAN]]),
    ambient: {
      wallNow: this.ambient.wallNow,
      after: this.ambient.after,
      randomUuid: () => crypto.randomUUID(),
    },
  })

  /** What the desk answers once every patience is over. */
  async settled<T>(answer: Promise<T>): Promise<T> {
    await this.ambient.pass(60_000)
    return answer
  }

  get listed(): readonly KeyRecord[] {
    return this.directory.page(100, null).records
  }

  #call<T>(name: string, run: () => T): Promise<T> {
    const { lost } = this
    this.calls.push(name)
    if (lost?.call !== this.calls.length) return Promise.resolve(run())
    return lost.how === 'rejects' ? Promise.reject(new Error('gone')) : new Promise(() => undefined)
  }
}

const isLost = (result: Result<unknown, { code: string }>): boolean =>
  ['key-unavailable', 'directory-unavailable'].includes(expectError(result).code)

const troubles = (calls: number): [number, Trouble][] =>
  Array.from({ length: calls }, (_, index) => index + 1).flatMap((call): [number, Trouble][] => [
    [call, 'rejects'],
    [call, 'is silent'],
  ])

describe('a key', () => {
  test('is recorded and listed before it is handed out', async () => {
    const world = new World()
    const made = expectValue(await world.settled(world.desk.create(WANTED)))
    expect(made.key).toMatch(/^vg_/)
    expect(world.calls).toEqual(['configure', 'enter'])
    expect([...world.records.values()]).toEqual(world.listed)
    expect(world.listed.map(({ id }) => id)).toEqual([made.id])
  })

  test.each(troubles(2))('is not handed out when call %i %s', async (call, how) => {
    const world = new World()
    world.lost = { call, how }
    expect(isLost(await world.settled(world.desk.create(WANTED)))).toBe(true)
    expect(world.minted).toEqual([])
  })
})

describe('a rotation', () => {
  async function withKey(): Promise<{ world: World; id: string }> {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    world.calls.length = 0
    world.minted.length = 0
    return { world, id }
  }

  test('ends the old key last', async () => {
    const { world, id } = await withKey()
    const next = expectValue(await world.settled(world.desk.rotate(id, 24)))
    expect(world.calls).toEqual(['status', 'status', 'configure', 'enter', 'replace'])
    expect(world.records.get(id)).toMatchObject({ rotatedTo: next.id })
    expect(world.listed.find((one) => one.id === id)).toMatchObject({ rotatedTo: next.id })
  })

  test.each(troubles(5))(
    'that fails at call %i, which %s, takes nothing and can be said again',
    async (call, how) => {
      const { world, id } = await withKey()
      world.lost = { call, how }
      expect(isLost(await world.settled(world.desk.rotate(id, 0)))).toBe(true)
      expect(world.minted).toEqual([])
      expect(stateOf(world.records.get(id) as KeyRecord, world.ambient.now())).toBe('active')
      world.lost = undefined
      const next = expectValue(await world.settled(world.desk.rotate(id, 0)))
      expect(world.minted).toEqual([next.id])
      expect(stateOf(world.records.get(id) as KeyRecord, world.ambient.now())).toBe('revoked')
      expect(world.listed.find((one) => one.id === id)).toMatchObject({ rotatedTo: next.id })
    },
  )
})

describe('FC15: of six rotations of a key', () => {
  const ROTATIONS = 6

  function goodKeys(world: World, except: string): string[] {
    const good = [...world.records.values()].filter(
      (record) => record.id !== except && stateOf(record, world.ambient.now()) === 'active',
    )
    return good.map(({ id }) => id)
  }

  test.each([0, 24])('at once one leaves a good key, with a grace of %i h', async (graceHours) => {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    const all = Array.from({ length: ROTATIONS }, () => world.desk.rotate(id, graceHours))
    const ends = await world.settled(Promise.all(all))
    const made = ends.flatMap((end) => (end.ok ? [end.value.id] : []))
    expect(made).toHaveLength(1)
    expect(goodKeys(world, id)).toEqual(made)
    const listed = world.listed.filter((one) => stateOf(one, world.ambient.now()) === 'active')
    expect(listed.map((one) => one.id).filter((one) => one !== id)).toEqual(made)
    for (const end of ends) if (!end.ok) expect(end.error.code).toBe('key-not-active')
  })

  test('one after the other, since no answer came, the last leaves a good key and the grace stays', async () => {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    expectValue(await world.settled(world.desk.rotate(id, 1)))
    const endsAt = world.records.get(id)?.revokedAt
    for (let i = 1; i < ROTATIONS; i++) expectValue(await world.settled(world.desk.rotate(id, 24)))
    const next = world.records.get(id)?.rotatedTo ?? ''
    expect(goodKeys(world, id)).toEqual([next])
    expect(world.records.get(next)).toMatchObject({ revokedAt: null, rotatedTo: null })
    expect(world.records.get(id)).toMatchObject({ revokedAt: endsAt })
  })

  test('the second is refused once somebody uses what the first made', async () => {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    const next = expectValue(await world.settled(world.desk.rotate(id, 24)))
    world.used.add(next.id)
    const refused = expectError(await world.settled(world.desk.rotate(id, 24)))
    expect(refused).toMatchObject({ code: 'key-not-active', detail: expect.stringContaining(next.id) })
    expect(goodKeys(world, id)).toEqual([next.id])
  })
})

describe('FC9: an id that nobody knows', () => {
  const TYPO = '7c0ffee57a9e0001'

  test('is not revoked but told, and not shown as a key either', async () => {
    const world = new World()
    expect(expectError(await world.settled(world.desk.revoke(TYPO)))).toMatchObject({ code: 'unknown-key' })
    expect(expectError(await world.settled(world.desk.show(TYPO)))).toMatchObject({ code: 'unknown-key' })
    expect([world.records.size, world.listed]).toEqual([0, []])
  })

  test('is revoked where it is said to be of a key that was minted elsewhere', async () => {
    const world = new World()
    expect(expectValue(await world.settled(world.desk.revoke(TYPO, true)))).toMatchObject({
      state: 'revoked',
    })
    expect(world.records.get(TYPO)).toMatchObject({ isRevoked: true })
  })

  test('is known once the key was used', async () => {
    const world = new World()
    world.used.add(TYPO)
    expect(expectValue(await world.settled(world.desk.revoke(TYPO)))).toMatchObject({ state: 'revoked' })
  })
})

describe('a revocation', () => {
  test.each(['rejects', 'is silent'] as const)('counts though the list %s, and says so', async (how) => {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    world.calls.length = 0
    const at = world.ambient.now()
    world.lost = { call: 4, how }
    const unlisted = expectError(await world.settled(world.desk.revoke(id)))
    expect(unlisted).toMatchObject({
      code: 'directory-unavailable',
      detail: expect.stringContaining('is revoked'),
    })
    expect(world.records.get(id)?.revokedAt).toBe(at)
    world.lost = undefined
    const again = expectValue(await world.settled(world.desk.revoke(id)))
    expect(again).toMatchObject({ state: 'revoked', revokedAt: new Date(at).toISOString() })
    expect(world.listed).toEqual([world.records.get(id)])
  })

  test.each([1, 3])(
    'C5: is on the list when the object of the key fails at call %i, and says so',
    async (call) => {
      const world = new World()
      const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
      world.calls.length = 0
      world.lost = { call, how: 'rejects' }
      const half = expectError(await world.settled(world.desk.revoke(id)))
      expect(half).toMatchObject({ code: 'key-unavailable', detail: expect.stringContaining('list of keys') })
      expect(world.listed).toMatchObject([{ id, isRevoked: true }])
    },
  )

  test('FA7: counts for good, wherever the clock goes', async () => {
    const world = new World()
    const { id } = expectValue(await world.settled(world.desk.create(WANTED)))
    expectValue(await world.settled(world.desk.rotate(id, 24)))
    expectValue(await world.settled(world.desk.revoke(id)))
    world.ambient.setClock(-365 * 86_400_000)
    expect(expectValue(await world.settled(world.desk.show(id)))).toMatchObject({ state: 'revoked' })
    expect(world.listed.find((one) => one.id === id)).toMatchObject({ isRevoked: true })
  })
})
