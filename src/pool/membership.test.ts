import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import type { Backend } from '../backends/backend.ts'
import { tasksOf } from '../models/operation.ts'
import { Membership, servesTask } from './membership.ts'

const backend = (id: string, ...models: string[]): Backend => ({
  id,
  kind: 'vae-backend',
  url: `https://${id}.example.com/`,
  token: undefined,
  models,
  slots: 1,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
})

/** The name of the one pool of a model. */
const poolNameOf = (backends: readonly Backend[], model: string): string | undefined => {
  const pools = new Membership(backends).poolsOf(model)
  expect(pools.length).toBeLessThanOrEqual(1)
  return pools[0]?.name
}

describe('without shards the pool of a model', () => {
  test('is the first backend that serves the model', () => {
    const backends = [backend('a', 'flux'), backend('b', 'sdxl'), backend('c', 'sdxl')]
    expect(poolNameOf(backends, 'sdxl')).toBe('b')
    expect(poolNameOf(backends, 'flux')).toBe('a')
  })

  test('is one for models that share a backend, because they share its slots', () => {
    const backends = [backend('a', 'flux'), backend('b', 'flux', 'sdxl'), backend('c', 'sdxl')]
    expect(poolNameOf(backends, 'sdxl')).toBe('a')
    expect(poolNameOf(backends, 'flux')).toBe('a')
  })

  test('is one over a chain of shared models, in whatever order they are listed', () => {
    const backends = [
      backend('d', 'wan-2.1', 'flux'),
      backend('c', 'sd3', 'sdxl'),
      backend('b', 'sdxl', 'wan-2.1'),
    ]
    expect(['wan-2.1', 'flux', 'sd3', 'sdxl'].map((model) => poolNameOf(backends, model))).toEqual([
      'd',
      'd',
      'd',
      'd',
    ])
  })

  test('is none where nobody serves the model', () => {
    expect(poolNameOf([backend('a', 'flux'), backend('preview')], 'sdxl')).toBeUndefined()
    expect(poolNameOf([], 'sdxl')).toBeUndefined()
  })

  test('is the same for two models exactly when a chain of shared backends joins them', () => {
    const models = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5']
    const pools = fc.array(fc.uniqueArray(fc.constantFrom(...models), { maxLength: 3 }), { maxLength: 6 })
    fc.assert(
      fc.property(pools, (served) => {
        const backends = served.map((models, i) => backend(`b${i}`, ...models))
        // Reference: join the models of each backend until nothing changes.
        const group = new Map(models.map((model) => [model, model]))
        for (const _ of models) {
          for (const shared of served) {
            const least = shared.map((model) => group.get(model) ?? '').toSorted()[0] ?? ''
            for (const model of shared) group.set(model, least)
          }
        }
        for (const one of models) {
          for (const two of models) {
            const [a, b] = [poolNameOf(backends, one), poolNameOf(backends, two)]
            if (a !== undefined && b !== undefined) expect(a === b).toBe(group.get(one) === group.get(two))
          }
        }
      }),
      seeded,
    )
  })
})

test('a model has a pool per shard that has backends for it, and they share nothing', () => {
  const inShard = (shard: string, other: Backend): Backend => ({ ...other, shard })
  const backends = [
    inShard('eu', backend('a', 'flux')),
    inShard('us', backend('b', 'flux', 'sdxl')),
    inShard('eu', backend('c', 'sdxl', 'flux')),
    inShard('us', backend('d', 'sdxl')),
  ]
  const membership = new Membership([...backends, inShard('us', backend('idle'))])
  expect(membership.poolsOf('sdxl')).toEqual([
    { name: 'b', shard: 'us' },
    { name: 'a', shard: 'eu' },
  ])
  expect(membership.membersOf('a').map(({ id }) => id)).toEqual(['a', 'c'])
  expect(membership.membersOf('b').map(({ id }) => id)).toEqual(['b', 'd'])
  expect(membership.membersOf('unheard-of')).toEqual([])
  expect(membership.pools).toEqual([
    { name: 'a', shard: 'eu' },
    { name: 'b', shard: 'us' },
  ])
})

test('a backend serves the models it lists, by id', () => {
  expect(servesTask(backend('a', 'flux', 'sdxl'), 'sdxl')).toBe(true)
  expect(servesTask(backend('a', 'flux', 'sdxl'), 'sd')).toBe(false)
  expect(servesTask(backend('a'), 'sdxl')).toBe(false)
})

test('every backend that serves anything is in one pool: of its shard, named after its first, and of each of its tasks', () => {
  const one = fc.record({
    models: fc.uniqueArray(fc.constantFrom('m0', 'm1', 'm2', 'm3', 'm4', 'm5'), { maxLength: 3 }),
    operations: fc.constantFrom(['decode'] as const, ['encode'] as const, ['decode', 'encode'] as const),
    shard: fc.constantFrom('eu', 'us', undefined),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), (drawn) => {
      const backends = drawn.map(({ models, ...others }, n) => ({
        ...backend(`b${n}`, ...models),
        ...others,
      }))
      const membership = new Membership(backends)
      const members = membership.pools.flatMap(({ name }) => membership.membersOf(name))
      expect(new Set(members)).toEqual(new Set(backends.filter(({ models }) => models.length > 0)))
      expect(new Set(members).size).toBe(members.length)
      for (const pool of membership.pools) {
        const within = membership.membersOf(pool.name)
        expect(within[0]?.id).toBe(pool.name)
        expect(within).toEqual(backends.filter((backend) => within.includes(backend)))
        for (const member of within) {
          expect(member.shard).toBe(pool.shard)
          for (const task of tasksOf(member)) expect(membership.poolsOf(task)).toContain(pool)
        }
      }
    }),
    { seed: 5 },
  )
})
