import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import type { Backend } from '../backends/backend.ts'
import { allPools, membersOf, poolsByTask, poolsOf, servesTask } from './membership.ts'

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
  const pools = poolsOf(backends, model)
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
  expect(poolsOf(backends, 'sdxl')).toEqual([
    { name: 'b', shard: 'us' },
    { name: 'a', shard: 'eu' },
  ])
  expect(membersOf(backends, 'a').map(({ id }) => id)).toEqual(['a', 'c'])
  expect(membersOf(backends, 'b').map(({ id }) => id)).toEqual(['b', 'd'])
  expect(membersOf(backends, 'unheard-of')).toEqual([])
  expect(allPools([...backends, inShard('us', backend('idle'))])).toEqual([
    { name: 'a', shard: 'eu' },
    { name: 'b', shard: 'us' },
  ])
})

test('a backend serves the models it lists, by id', () => {
  expect(servesTask(backend('a', 'flux', 'sdxl'), 'sdxl')).toBe(true)
  expect(servesTask(backend('a', 'flux', 'sdxl'), 'sd')).toBe(false)
  expect(servesTask(backend('a'), 'sdxl')).toBe(false)
})

test('pools of all models at once are those of each', () => {
  const models = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5']
  const one = fc.record({
    models: fc.uniqueArray(fc.constantFrom(...models), { maxLength: 3 }),
    shard: fc.constantFrom('eu', 'us', undefined),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), (drawn) => {
      const backends = drawn.map(({ models, shard }, n) => ({ ...backend(`b${n}`, ...models), shard }))
      const known = poolsByTask(backends)
      for (const model of models) expect(known.get(model) ?? []).toEqual(poolsOf(backends, model))
    }),
    { seed: 5 },
  )
})
