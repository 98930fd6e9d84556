import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { ByteBudget } from './byte-budget.ts'

describe('T5: a byte budget', () => {
  test('gives bytes while they last, to the last one', () => {
    const budget = new ByteBudget(100)
    expect(budget.reserve(60)).not.toBeNull()
    expect(budget.reserve(41)).toBeNull()
    expect(budget.reserve(40)).not.toBeNull()
    expect(budget.free).toBe(0)
    expect(budget.reserve(0)).not.toBeNull()
    expect(budget.reserve(1)).toBeNull()
  })

  test('takes nothing for a reservation that it refuses', () => {
    const budget = new ByteBudget(100)
    budget.reserve(101)
    expect(budget.free).toBe(100)
  })

  test('gets bytes back once, however often they are released', () => {
    const budget = new ByteBudget(100)
    const release = budget.reserve(60)
    release?.()
    release?.()
    expect(budget.free).toBe(100)
  })

  test('never has less than nothing nor more than at first, and all of it when everybody is done', () => {
    const events = fc.array(
      fc.oneof(fc.record({ reserve: fc.nat(60) }), fc.record({ release: fc.nat(20) })),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(events, (events) => {
        const budget = new ByteBudget(100)
        const held: (() => void)[] = []
        for (const event of events) {
          if ('reserve' in event) {
            const free = budget.free
            const release = budget.reserve(event.reserve)
            expect(release !== null).toBe(event.reserve <= free)
            if (release) held.push(release)
          } else {
            held[event.release]?.()
          }
          expect(budget.free).toBeGreaterThanOrEqual(0)
          expect(budget.free).toBeLessThanOrEqual(100)
        }
        for (const release of held) release()
        expect(budget.free).toBe(100)
      }),
      seeded,
    )
  })
})
