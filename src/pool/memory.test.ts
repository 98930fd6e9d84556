import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { backend } from '../../test/support/pool.ts'
import type { Database } from '../lib/database.ts'
import { UNKNOWN_PACE } from './initial.ts'
import { PoolMemory } from './memory.ts'
import type { BackendState } from './state.ts'

/** A database as the platform gives it to an object, and how often it was written to. */
function database(): { sql: Database; writes: () => number } {
  const store = new DatabaseSync(':memory:')
  let writes = 0
  const exec = (text: string, ...values: SQLInputValue[]): unknown[] => {
    if (text.startsWith('INSERT')) writes++
    return store.prepare(text).all(...values)
  }
  return { sql: { exec }, writes: () => writes }
}

const learnt = (speed: number, changes: Partial<BackendState> = {}): BackendState =>
  backend('a', { pace: { speed, spread: 0.1, samples: 40, gapMs: 70, coldStartMs: 50_000 }, ...changes })

describe('the memory of a pool', () => {
  test('knows nothing at first', () => {
    expect(new PoolMemory(database().sql).read()).toEqual(new Map())
  })

  test('P1: gives back in another life what was learnt and what the operator ordered', () => {
    const { sql } = database()
    const drained = learnt(2, { id: 'b', health: { kind: 'drained' } })
    const disabled = learnt(3, { id: 'c', health: { kind: 'disabled' } })
    new PoolMemory(sql).write([learnt(1.5), drained, disabled])
    expect(new PoolMemory(sql).read()).toEqual(
      new Map([
        ['a', { pace: learnt(1.5).pace }],
        ['b', { pace: drained.pace, health: { kind: 'drained' } }],
        ['c', { pace: disabled.pace, health: { kind: 'disabled' } }],
      ]),
    )
  })

  test('remembers no state that passes by itself', () => {
    const { sql } = database()
    new PoolMemory(sql).write([learnt(2, { health: { kind: 'ejected', until: 9 } })])
    expect(new PoolMemory(sql).read()).toEqual(new Map([['a', { pace: learnt(2).pace }]]))
  })

  test('writes only what has changed by enough', () => {
    const { sql, writes } = database()
    const memory = new PoolMemory(sql)
    const written = (one: BackendState): number => {
      const before = writes()
      memory.write([one])
      return writes() - before
    }
    expect(written(backend('a', { pace: UNKNOWN_PACE }))).toBe(0)
    expect([written(learnt(2)), written(learnt(2)), written(learnt(2.05))]).toEqual([1, 0, 0])
    expect([written(learnt(2.2)), written(learnt(1.8))]).toEqual([1, 1])
    const { pace } = learnt(1.8)
    expect(written(backend('a', { pace: { ...pace, gapMs: 90 } }))).toBe(1)
    expect(written(backend('a', { pace: { ...pace, gapMs: 90, coldStartMs: 90_000 } }))).toBe(1)
    expect(written(learnt(1.8, { health: { kind: 'drained' } }))).toBe(1)
    expect(written(learnt(1.8))).toBe(1)
  })

  test('knows in its next life what need not be written again', () => {
    const { sql, writes } = database()
    new PoolMemory(sql).write([learnt(2)])
    const next = new PoolMemory(sql)
    next.read()
    next.write([learnt(2)])
    expect(writes()).toBe(1)
  })
})
