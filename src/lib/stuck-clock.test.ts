import { describe, expect, test } from 'vitest'
import { isStuck, StillStand } from './stuck-clock.ts'

const NOW = 1_000_000

describe('P9: the time of an object', () => {
  test('stands still where callers see one that is far behind it', () => {
    expect(isStuck(NOW, NOW - 300_000)).toBe(true)
    expect(isStuck(NOW, NOW - 9_000)).toBe(false)
    expect(isStuck(NOW, NOW + 300_000)).toBe(false)
    expect(isStuck(NOW, undefined)).toBe(false)
  })

  test('is found to stand still by the second who asks, and not where only clocks differ', () => {
    const stuck = new StillStand()
    expect([stuck.isFound(NOW, NOW - 300_000), stuck.isFound(NOW, NOW - 299_000)]).toEqual([false, true])
    const ahead = new StillStand()
    const seen = [1, 2, 3, 4].map((second) =>
      ahead.isFound(NOW + second * 1_000, NOW - 300_000 + second * 1_000),
    )
    expect(seen).toEqual([false, false, false, false])
    const short = new StillStand()
    expect([
      short.isFound(NOW, NOW - 300_000),
      short.isFound(NOW, NOW),
      short.isFound(NOW, NOW - 300_000),
    ]).toEqual([false, false, false])
  })
})
