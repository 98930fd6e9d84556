import { describe, expect, test } from 'vitest'
import { Guesses, HELD_MS } from './guesses.ts'

const waits = (
  guesses: Guesses,
  count: number,
  addressOf: (index: number) => string | undefined,
  now = 0,
): number[] => Array.from({ length: count }, (_, index) => guesses.note(addressOf(index), now))
const heldOf = (all: readonly number[]): number => all.filter((ms) => ms === HELD_MS).length

describe('FC10: T26: wrong admin tokens', () => {
  test('are answered at once ten times a minute, and a second late from then on', () => {
    const guesses = new Guesses()
    expect(waits(guesses, 12, () => 'a')).toEqual([...Array(10).fill(0), HELD_MS, HELD_MS])
    expect(guesses.note('a', 59_999)).toBe(HELD_MS)
    expect(guesses.note('a', 60_000)).toBe(0)
  })

  test('of one address hold up no other, until all together are too many', () => {
    const guesses = new Guesses()
    waits(guesses, 50, () => 'a')
    expect(guesses.note('b', 0)).toBe(0)
    expect(heldOf(waits(guesses, 100, (index) => `c${index}`))).toBe(51)
  })

  test('are counted together where nobody says who is who', () => {
    expect(heldOf(waits(new Guesses(), 40, () => undefined))).toBe(30)
  })

  test('wait in bounded number', () => {
    const guesses = new Guesses()
    expect(heldOf(waits(guesses, 5_000, () => 'a'))).toBe(1_000)
    expect(heldOf(waits(guesses, 5_000, () => 'a', HELD_MS))).toBe(1_000)
  })
})
