import { expect, test } from 'vitest'
import { streamOf } from '../engine/random.ts'
import { Book, type Load } from './book.ts'
import * as choices from './choices.ts'

const flight = (predictedMs = 100, isolate = 0): Load => ({ predictedMs, isolate })

const ALL = [0, 1, 2, 3]
const random = streamOf(1, 'choices')

/** How often each backend is chosen. */
function tally(choice: choices.Choice, book: Book, isolate = 0, now = 1_000): number[] {
  const counts = ALL.map(() => 0)
  for (let i = 0; i < 2_000; i++) {
    const chosen = choice(ALL, flight(100, isolate), book, random, now)
    counts[chosen] = (counts[chosen] ?? 0) + 1
  }
  return counts
}

/** Backend 0 has three short jobs in flight, backend 1 one long job, both of isolate 0; 2 and 3 are idle. */
function loaded(): Book {
  const book = new Book(4)
  for (let i = 0; i < 3; i++) book.sent(flight(100), 0, 0)
  book.sent(flight(9_000), 1, 0)
  return book
}

test('random asks nobody', () => {
  for (const count of tally(choices.uniformly, loaded())) expect(Math.abs(count - 500)).toBeLessThan(100)
})

test('round robin takes one after the other, of those that are allowed', () => {
  const choose = choices.inRotation()
  const chosen = [1, 2, 3, 4].map(() => choose(ALL, flight(), new Book(4), random, 0))
  expect(chosen).toEqual([0, 1, 2, 3])
  expect(choose([2], flight(), new Book(4), random, 0)).toBe(2)
})

test('two choices never takes the busiest of all, and sees only its own isolate when local', () => {
  expect(tally(choices.twoChoicesGlobal, loaded())[0]).toBe(0)
  expect(tally(choices.twoChoicesLocal, loaded(), 0)[0]).toBe(0)
  for (const count of tally(choices.twoChoicesLocal, loaded(), 1)) expect(count).toBeGreaterThan(300)
})

test('peak EWMA avoids who was slow, and forgets it with time', () => {
  const book = new Book(4)
  book.sent(flight(), 3, 0)
  book.done(flight(), 3, 20_000, 500)
  expect(tally(choices.peakEwma, book, 0, 1_000)[3]).toBe(0)
  expect(book.latencyOf(0, 3, 500)).toBe(20_000)
  expect(book.latencyOf(0, 3, 10_500)).toBeCloseTo(20_000 / Math.E)
})

test('shortest queue counts jobs, least work left their length', () => {
  const book = loaded()
  expect(tally(choices.shortestQueue, book).slice(0, 2)).toEqual([0, 0])
  const choose = (choice: choices.Choice): number => choice([0, 1], flight(), book, random, 50)
  expect(choose(choices.shortestQueue)).toBe(1)
  expect(choose(choices.leastWorkLeft)).toBe(0)
})

test('least work left takes finished jobs off', () => {
  const book = loaded()
  book.done(flight(9_000), 1, 9_000, 9_000)
  expect(book.freeAt[1]).toBe(9_000)
  expect(book.freeAt[0]).toBe(300)
})

test('join idle queue takes who has been idle longest, and anybody when none is', () => {
  const book = loaded()
  expect(choices.idleElseAny(ALL, flight(), book, random, 0)).toBe(2)
  book.sent(flight(), 2, 0)
  book.sent(flight(), 3, 0)
  book.done(flight(9_000), 1, 10, 10)
  book.done(flight(), 2, 10, 20)
  expect(choices.idleElseAny(ALL, flight(), book, random, 20)).toBe(1)
  book.sent(flight(), 1, 30)
  book.sent(flight(), 2, 30)
  expect(
    new Set(Array.from({ length: 50 }, () => choices.idleElseAny(ALL, flight(), book, random, 30))).size,
  ).toBe(4)
})
