import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { OwnClock } from './own-clock.ts'
import { advance } from './own-time.ts'

const HOUR = 3_600_000
const START = { now: 1_000, wall: 5_000_000 }

describe('P9: a time of its own', () => {
  test('P9: passes as that of its clock', () => {
    expect(advance(START, START.wall + 250, undefined)).toEqual({ now: 1_250, wall: START.wall + 250 })
    expect(advance(START, START.wall + 250, 1_100)).toEqual({ now: 1_250, wall: START.wall + 250 })
  })

  test('P9: stands still while its clock is set back, and goes on from there', () => {
    const back = advance(START, START.wall - HOUR, 1_100)
    expect(back.now).toBe(1_000)
    expect(advance(back, START.wall - HOUR + 40, 1_100).now).toBe(1_040)
  })

  test('P9: leaps no further than its timer can be late', () => {
    expect(advance(START, START.wall + HOUR, 1_100).now).toBe(11_100)
    expect(advance(START, START.wall + HOUR, 900).now).toBe(11_000)
  })

  test('P9: believes any time that passes while it waits for nothing', () => {
    expect(advance(START, START.wall + HOUR, undefined).now).toBe(1_000 + HOUR)
  })
})

describe('the timer of a time of its own', () => {
  function clockOf() {
    const ambient = new FakeAmbient()
    const woken: number[] = []
    const clock = new OwnClock(ambient, () => woken.push(clock.now()))
    return { ambient, clock, woken, from: ambient.now() }
  }

  test('goes off once, at its time', async () => {
    const { ambient, clock, woken, from } = clockOf()
    clock.wakeAt(from + 100)
    await ambient.pass(99)
    expect(woken).toEqual([])
    await ambient.pass(500)
    expect(woken).toEqual([from + 100])
  })

  test('is left alone for a later one, moved for an earlier one, and off without one', async () => {
    const { ambient, clock, woken, from } = clockOf()
    clock.wakeAt(from + 100)
    clock.wakeAt(from + 300)
    clock.wakeAt(from + 50)
    await ambient.pass(60)
    expect(woken).toEqual([from + 50])
    clock.wakeAt(from + 200)
    clock.wakeAt(undefined)
    await ambient.pass(1_000)
    expect(woken).toHaveLength(1)
    expect(ambient.timers).toEqual([])
  })

  test('P9: goes off in a clock that was set meanwhile as if it were not', async () => {
    const { ambient, clock, woken, from } = clockOf()
    clock.wakeAt(from + 100)
    ambient.setClock(HOUR)
    await ambient.pass(100)
    expect(woken[0]).toBeLessThanOrEqual(from + 100 + 10_000)
  })

  test('P9: has gone off when it has, though somebody set the clock back meanwhile', async () => {
    const { ambient, clock, woken, from } = clockOf()
    clock.wakeAt(from + 100)
    ambient.setClock(-HOUR)
    await ambient.pass(100)
    expect(woken).toEqual([from + 100])
  })
})
