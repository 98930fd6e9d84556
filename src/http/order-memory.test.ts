import { expect, test } from 'vitest'
import { err, ok } from '../lib/result.ts'
import type { DecodeOrder } from './decode-order.ts'
import { OrderMemory } from './order-memory.ts'

const orderOf = (megapixels: number) => ({ megapixels }) as DecodeOrder

function setUp() {
  const memory = new OrderMemory()
  let reads = 0
  const ask = (words: (string | undefined)[], now = 0) =>
    memory.recall(words, now, () => ok(orderOf(++reads)))
  return { memory, ask }
}

test('the same words are read once in a minute', () => {
  const { ask } = setUp()
  expect([0, 1, 59_999, 60_000, 60_001].map((now) => ask(['a', undefined], now))).toEqual(
    [1, 1, 1, 2, 2].map((read) => ok(orderOf(read))),
  )
})

test('other words are read for themselves, wherever they differ', () => {
  const { ask } = setUp()
  const words = [
    ['a', 'b'],
    ['a', undefined],
    ['a', ''],
    ['ab', ''],
    ['', 'a'],
    ['a","b', ''],
  ]
  expect(words.map((each) => ask(each))).toEqual(words.map((_, i) => ok(orderOf(i + 1))))
})

test('problems and very long words are read again', () => {
  const { memory, ask } = setUp()
  const why = err({ code: 'invalid-parameter', detail: 'no' } as never)
  expect(memory.recall(['a'], 0, () => why)).toBe(why)
  expect(ask(['a'])).toEqual(ok(orderOf(1)))
  const long = 'a'.repeat(1_000)
  expect([ask([long]), ask([long])]).toEqual([ok(orderOf(2)), ok(orderOf(3))])
})
