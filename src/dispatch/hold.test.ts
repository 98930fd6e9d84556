import { describe, expect, test } from 'vitest'
import { ByteBudget } from './byte-budget.ts'
import type { AnswerHead } from './check-headers.ts'
import { hold, STREAMED_BYTES } from './hold.ts'

const COMMIT = 4_194_304
const LARGE = 50_331_648
const head = (byteLength: number | undefined, maxBytes = byteLength ?? LARGE): AnswerHead => ({
  byteLength,
  maxBytes,
  dtype: undefined,
})

describe('with room in the budget', () => {
  test.each([
    ['a small answer is held whole', head(60_000), 60_000, 60_000, true],
    ['so is one of as much as may be', head(COMMIT), COMMIT, COMMIT, true],
    ['of a larger one a piece is held, and its beginning seen', head(LARGE), STREAMED_BYTES, 65_536, false],
    ['a file of unknown length is held as a small one', head(undefined), COMMIT, COMMIT, false],
    ['and whole where it can be no larger', head(undefined, 60_000), 60_000, 60_000, true],
  ])('%s', (_, answer, bytes, beginningBytes, isWhole) => {
    const budget = new ByteBudget(40_000_000)
    const held = hold(answer, COMMIT, budget)
    expect(held).toMatchObject({ bytes, beginningBytes, isWhole })
    expect(budget.free).toBe(40_000_000 - bytes)
    held.release()
    expect(budget.free).toBe(40_000_000)
  })

  test('as many large answers are under way as there are pieces in it', () => {
    const budget = new ByteBudget(40_000_000)
    const held = Array.from({ length: 40 }, () => hold(head(LARGE), COMMIT, budget))
    expect(held.filter(({ bytes }) => bytes > 0)).toHaveLength(Math.floor(40_000_000 / STREAMED_BYTES))
  })
})

describe('with little room in the budget', () => {
  test.each([
    ['a small answer is streamed with a piece held', head(3_000_000)],
    ['a file of unknown length too', head(undefined)],
  ])('%s', (_, answer) => {
    const budget = new ByteBudget(STREAMED_BYTES)
    expect(hold(answer, COMMIT, budget)).toMatchObject({
      bytes: STREAMED_BYTES,
      beginningBytes: 65_536,
      isWhole: false,
    })
    expect(budget.free).toBe(0)
  })

  test('an answer is streamed in pieces that nobody pays for where there is no room at all', () => {
    const budget = new ByteBudget(1_000)
    const held = hold(head(LARGE), COMMIT, budget)
    expect(held).toMatchObject({ bytes: 0, beginningBytes: 65_536, isWhole: false })
    held.release()
    expect(budget.free).toBe(1_000)
  })
})
