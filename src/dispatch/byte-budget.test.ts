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

describe('FB1: uploads pay for what has arrived', () => {
  const nothing = (): void => undefined
  /** An upload that holds so much, and whether it was taken back. */
  const upload = (budget: ByteBudget, caller: string, bytes: number) => {
    const seen = { isTakenBack: false }
    const loan = budget.lend(caller, () => {
      seen.isTakenBack = true
    })
    return { loan, hasRoom: loan.grow(bytes), seen }
  }

  test('one caller may have all of the budget, and others a share nevertheless', () => {
    const budget = new ByteBudget(80)
    const { loan, hasRoom } = upload(budget, 'one', 80)
    expect(hasRoom).toBe(true)
    expect(loan.grow(1)).toBe(false)
    loan.settle(80)
    expect(upload(budget, 'another', 10).hasRoom).toBe(true)
    expect([budget.free, budget.reserve(1)]).toEqual([0, null])
    loan.release()
    loan.release()
    expect(budget.free).toBe(70)
  })

  test('another caller gets its share of those who hold more than theirs, of the youngest upload first', () => {
    const budget = new ByteBudget(80)
    const uploads = [40, 20, 20].map((bytes) => upload(budget, 'greedy', bytes))
    expect(upload(budget, 'modest', 10).hasRoom).toBe(true)
    expect(uploads.map(({ seen }) => seen.isTakenBack)).toEqual([false, false, false])
    expect(upload(budget, 'modest', 10).hasRoom).toBe(true)
    expect(uploads.map(({ seen }) => seen.isTakenBack)).toEqual([false, false, true])
    expect(uploads[2]?.loan.grow(1)).toBe(false)
  })

  test('what came first goes on where all hold as much, and takes nothing that would not do', () => {
    const budget = new ByteBudget(80)
    const names = ['a', 'b', 'c', 'd', 'e']
    const uploads = names.map((name) => upload(budget, name, 18))
    expect(uploads[4]?.loan.grow(2)).toBe(false)
    expect(uploads[0]?.loan.grow(2)).toBe(true)
    expect(uploads.map(({ seen }) => seen.isTakenBack)).toEqual([false, false, false, false, true])
    for (const { loan } of uploads.slice(1, 4)) loan.settle(18)
    expect(budget.free).toBe(6)
    expect(upload(budget, 'f', 17).hasRoom).toBe(false)
    expect(budget.free).toBe(6)
  })

  test('what is whole is taken back by nobody', () => {
    const budget = new ByteBudget(80)
    const { loan, seen } = upload(budget, 'greedy', 80)
    loan.settle(75)
    expect(upload(budget, 'modest', 15).hasRoom).toBe(true)
    expect(upload(budget, 'third', 1).hasRoom).toBe(false)
    expect(seen.isTakenBack).toBe(false)
  })

  test('there is always one that can go on, and everything is free in the end', () => {
    const starts = fc.array(fc.record({ caller: fc.nat(4), wanted: fc.integer({ min: 1, max: 800 }) }), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(starts, fc.array(fc.nat(39), { minLength: 1, maxLength: 50 }), (starts, turns) => {
        const budget = new ByteBudget(800)
        const uploads = starts.map(({ caller, wanted }) => ({
          loan: budget.lend(`${caller}`, nothing),
          wanted,
        }))
        let done = 0
        let under = uploads.length
        const isUnderWay = ({ loan, wanted }: (typeof uploads)[number]): boolean =>
          !loan.isTakenBack && loan.bytes < wanted
        // Each in its turn asks for some more, and leaves when it is refused; nothing else ends an upload.
        for (let at = 0; under > 0; at++) {
          const waiting = uploads.filter(isUnderWay)
          const one = waiting[(turns[at % turns.length] ?? 0) % waiting.length]
          if (!one) break
          if (!one.loan.grow(Math.min(64, one.wanted - one.loan.bytes))) {
            one.loan.release()
            one.wanted = 0
          } else if (one.loan.bytes === one.wanted) {
            one.loan.settle(one.wanted)
            one.loan.release()
            one.wanted = 0
            done++
          }
          expect(budget.free).toBeGreaterThanOrEqual(0)
          under = uploads.filter(isUnderWay).length
        }
        expect(done, 'that were whole').toBeGreaterThan(0)
        for (const { loan } of uploads) loan.release()
        expect(budget.free).toBe(800)
      }),
      seeded,
    )
  })
})
