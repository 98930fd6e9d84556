import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { backend, known, member, task } from '../../test/support/pool.ts'
import type { Database } from '../lib/database.ts'
import { emptyPool } from './initial.ts'
import { PoolMemory } from './memory.ts'
import { UNKNOWN_TIMES } from './service-times.ts'
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

const learnt = (ms: number, changes: Partial<BackendState> = {}): BackendState => {
  const times = { ...known(ms), deadMs: 70, coldStart: { meanMs: 50_000, leastMs: 40_000 } }
  return backend('a', { times, ...changes })
}

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
        ['a', { times: learnt(1.5).times }],
        ['b', { times: drained.times, health: { kind: 'drained' } }],
        ['c', { times: disabled.times, health: { kind: 'disabled' } }],
      ]),
    )
  })

  test('remembers no state that passes by itself', () => {
    const { sql } = database()
    new PoolMemory(sql).write([
      learnt(2, {
        health: { kind: 'down', until: 9, probeAt: 9, isSure: true },
        tasks: [task({ health: { kind: 'ejected', until: 9 } })],
      }),
    ])
    expect(new PoolMemory(sql).read()).toEqual(new Map([['a', { times: learnt(2).times }]]))
  })

  test('writes only what has changed by enough', () => {
    const { sql, writes } = database()
    const memory = new PoolMemory(sql)
    const written = (one: BackendState): number => {
      const before = writes()
      memory.write([one])
      return writes() - before
    }
    expect(written(backend('a'))).toBe(0)
    expect([written(learnt(2)), written(learnt(2)), written(learnt(2.05))]).toEqual([1, 0, 0])
    expect([written(learnt(2.2)), written(learnt(1.8))]).toEqual([1, 1])
    const { times } = learnt(1.8)
    expect(written(backend('a', { times: { ...times, deadMs: 90 } }))).toBe(1)
    const coldStart = { meanMs: 90_000, leastMs: 40_000 }
    expect(written(backend('a', { times: { ...times, deadMs: 90, coldStart } }))).toBe(1)
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

  test.each([
    ['is no JSON', '{'],
    ['is of another release', '{"speed":2,"spread":0.1,"samples":40,"gapMs":70,"coldStartMs":50000}'],
    ['has a number that cannot be', '{"curves":[],"deadMs":-1,"coldStart":null}'],
  ])('learns anew what %s, and keeps what the operator ordered', (_, text) => {
    const { sql } = database()
    const memory = new PoolMemory(sql)
    sql.exec('INSERT OR REPLACE INTO learnt VALUES (?, ?, ?)', 'a', text, 'drained')
    expect(memory.read()).toEqual(new Map([['a', { times: UNKNOWN_TIMES, health: { kind: 'drained' } }]]))
  })

  test('FA8: knows a backend by its id, whatever its place among the others', () => {
    const { sql } = database()
    new PoolMemory(sql).write([learnt(2), learnt(3, { id: 'b', health: { kind: 'disabled' } })])
    const memories = new PoolMemory(sql).read()
    const { backends } = emptyPool([member('c'), member('b')], { seed: 1, now: 0, memories })
    expect(backends.map(({ health, times }) => [health.kind, times])).toEqual([
      ['usable', UNKNOWN_TIMES],
      ['disabled', learnt(3).times],
    ])
  })
})
