import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, known, lease, START, task } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { freeAt, GRACE_MS, hasRoom, outstandingMs } from './places.ts'
import type { BackendState, Lease } from './state.ts'

const UP = START - 60_000

/** A backend with leases that end so many milliseconds from now. */
const busy = (ends: readonly number[], changes: Partial<BackendState> = {}): BackendState =>
  backend('a', {
    leases: ends.map((ms, index) => lease({ id: index + 1, endsAt: START + ms })),
    ...changes,
  })

const far = (deadMs: number) => ({ times: { ...known(200), deadMs } })

describe('freeAt', () => {
  test('is now while a slot is free', () => {
    expect(freeAt(busy([]), START)).toBe(START)
    expect(freeAt(busy([500], { slots: 2 }), START)).toBe(START)
  })

  test('is the end of the first lease when all slots are taken', () => {
    expect(freeAt(busy([500]), START)).toBe(START + 500)
    expect(freeAt(busy([700, 500], { slots: 2 }), START)).toBe(START + 500)
  })

  test('is later by those that are staged already', () => {
    expect(freeAt(busy([500, 900]), START)).toBe(START + 900)
    expect(freeAt(busy([500, 900, 1_300], { slots: 2 }), START)).toBe(START + 900)
  })

  test('moves on for a decode that takes longer than predicted, by half of what it has taken too long', () => {
    const one = busy([500])
    expect(freeAt(one, START + 500)).toBe(START + 500)
    expect(freeAt(one, START + 700)).toBe(START + 800)
    expect(freeAt(one, START + 900)).toBe(START + 1_100)
  })

  test('B34: of one whose holder left is when the decode can be over', () => {
    const left = backend('a', { leases: [lease({ phase: 'draining', endsAt: START + 500 })] })
    expect([freeAt(left, START), freeAt(left, START + 600)]).toEqual([START + 500, START + 600])
  })

  test('is never in the past, and the later the more there are', () => {
    const ends = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 5 })
    fc.assert(
      fc.property(ends, fc.integer({ min: 1, max: 3 }), (some, slots) => {
        const at = freeAt(busy(some, { slots }), START)
        expect(at).toBeGreaterThanOrEqual(START)
        expect(freeAt(busy([...some, 2_000], { slots }), START)).toBeGreaterThanOrEqual(at)
      }),
      seeded,
    )
  })
})

describe('hasRoom', () => {
  test('for each free slot', () => {
    expect(hasRoom(busy([]), START, UP)).toBe(true)
    expect(hasRoom(busy([9_000], { slots: 2 }), START, UP)).toBe(true)
    expect(hasRoom(busy([9_000]), START, UP)).toBe(false)
  })

  test('for one job more once the one before it ends within its way, and a little', () => {
    const one = busy([500], far(60))
    expect(hasRoom(one, START + 429, UP)).toBe(false)
    expect(hasRoom(one, START + 430, UP)).toBe(true)
  })

  test('P20: for as many as end within its way, where the backend is far', () => {
    const staged = (...ends: number[]): BackendState => {
      const leases = [0, ...ends].map((ms, index) =>
        lease({
          id: index,
          phase: index === 0 ? 'running' : 'staged',
          startsAt: START + ms - 40,
          endsAt: START + ms,
        }),
      )
      return backend('a', { leases, ...far(160) })
    }
    expect(hasRoom(staged(40), START, UP)).toBe(true)
    expect(hasRoom(staged(40, 80, 120), START, UP)).toBe(true)
    // Of more than that a backend that breaks would take too many with it.
    expect(hasRoom(staged(40, 80, 120, 160), START, UP)).toBe(false)
  })

  test('for none behind one whose end is a guess, nor behind one that failed before', () => {
    for (const changes of [{ isLearnt: false }, { isRetry: true }]) {
      const one = backend('a', { leases: [lease({ endsAt: START, ...changes })] })
      expect(hasRoom(one, START, UP)).toBe(false)
    }
  })

  test('for none while a decode of our own has waited for long to decide on a task', () => {
    const suspicion = { since: START, cause: 'broke-off', pauseMs: 0, isProbing: false } as const
    const one = (changes: { readonly isProbing?: boolean } = {}): BackendState =>
      backend('a', { tasks: [task({ suspicion: { ...suspicion, ...changes } })] })
    expect([hasRoom(one(), START + 4_999, UP), hasRoom(one(), START + 5_000, UP)]).toEqual([true, false])
    expect(hasRoom(one({ isProbing: true }), START + 60_000, UP)).toBe(true)
  })

  test('for none behind a decode that goes on without its holder', () => {
    const draining: Lease = lease({ phase: 'draining', endsAt: START })
    expect(hasRoom(backend('a', { leases: [draining] }), START, UP)).toBe(false)
    expect(hasRoom(backend('a', { slots: 2, leases: [draining] }), START, UP)).toBe(true)
  })

  test('P2: for none staged in a pool that has just begun and does not know what still runs', () => {
    const one = busy([0])
    expect(hasRoom(one, START, START - GRACE_MS + 1)).toBe(false)
    expect(hasRoom(one, START, START - GRACE_MS)).toBe(true)
    expect(hasRoom(busy([]), START, START)).toBe(true)
  })
})

test('outstanding is what is left of each decode by prediction', () => {
  const staged = lease({ phase: 'staged', startsAt: START + 500, endsAt: START + 700 })
  const leases = [lease({ endsAt: START + 500 }), staged, lease({ endsAt: START - 100 })]
  expect(outstandingMs(backend('a', { leases }), START)).toBe(700)
  expect(outstandingMs(backend('a', { leases }), START + 600)).toBe(100)
})
