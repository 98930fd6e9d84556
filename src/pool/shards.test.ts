import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import type { PoolRef } from './membership.ts'
import { orderPools, type Report, type Shard } from './shards.ts'

const NOW = 1_000_000
const SHARDS = new Map<string, Shard>([
  ['eu', { locationHint: 'weur', continents: ['EU', 'AF'] }],
  ['us', { locationHint: 'enam', continents: ['NA', 'SA'] }],
  ['us-2', { locationHint: 'enam', continents: ['NA'] }],
])
const POOLS: PoolRef[] = [...SHARDS.keys()].map((shard) => ({ name: `${shard}-1`, shard }))

const report = (waitMs: number, rttMs = 100, ageMs = 0): Report => ({ waitMs, rttMs, at: NOW - ageMs })

const order = (
  continent: string | undefined,
  reports: Readonly<Record<string, Report>> = {},
  random = 0,
): string[] =>
  orderPools(POOLS, SHARDS, continent, new Map(Object.entries(reports)), random, NOW).map(({ name }) => name)

describe('a client is taken', () => {
  test('home, wherever that stands in the configuration', () => {
    expect(order('SA')[0]).toBe('us-1')
    expect(order('AF')[0]).toBe('eu-1')
  })

  test('to one of several that are equally near, by chance', () => {
    expect(order('NA', {}, 0)[0]).toBe('us-1')
    expect(order('NA', {}, 0.99)[0]).toBe('us-2-1')
  })

  test('to any when nothing is near, or nobody knows where it is', () => {
    expect([order('AS', {}, 0)[0], order('AS', {}, 0.99)[0]]).toEqual(['eu-1', 'us-2-1'])
    expect([order(undefined, {}, 0)[0], order(undefined, {}, 0.99)[0]]).toEqual(['eu-1', 'us-2-1'])
  })

  test('elsewhere only when that is sooner by more than the way and a quarter of a second', () => {
    expect(order('EU', { 'eu-1': report(350), 'us-1': report(0) })[0]).toBe('eu-1')
    expect(order('EU', { 'eu-1': report(351), 'us-1': report(0) })[0]).toBe('us-1')
    expect(order('EU', { 'eu-1': report(5_000), 'us-1': report(4_700), 'us-2-1': report(4_700) })[0]).toBe(
      'eu-1',
    )
  })

  test('home when what was said of the wait there is older than a second', () => {
    expect(order('EU', { 'eu-1': report(9_000, 100, 1_001), 'us-1': report(0) })[0]).toBe('eu-1')
  })
})

test('every pool is asked in the end, each once, whatever was said', () => {
  const reports = fc.dictionary(
    fc.constantFrom(...POOLS.map(({ name }) => name)),
    fc.record({ waitMs: fc.nat(60_000), rttMs: fc.nat(500), at: fc.integer({ min: NOW - 5_000, max: NOW }) }),
  )
  const continents = fc.constantFrom(undefined, 'EU', 'NA', 'AS')
  fc.assert(
    fc.property(
      continents,
      reports,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (continent, said, random) => {
        expect(order(continent, said, random).toSorted()).toEqual(['eu-1', 'us-1', 'us-2-1'])
      },
    ),
    seeded,
  )
})

test('a model with one pool needs no choice', () => {
  expect(orderPools(POOLS.slice(0, 1), SHARDS, 'NA', new Map(), 0.5, NOW)).toEqual(POOLS.slice(0, 1))
})
