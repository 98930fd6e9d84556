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

  test('P9: FA6: leaps no further than to its timer, which may be late by seconds', () => {
    expect(advance(START, START.wall + 2_100, 1_100).now).toBe(3_100)
    expect(advance(START, START.wall + HOUR, 1_100).now).toBe(1_100)
    expect(advance(START, START.wall + HOUR, 900).now).toBe(1_000)
  })

  test('FA7: counts what nobody has seen, where it is told to, when its clock is set back and not when it is trimmed', () => {
    expect(advance(START, START.wall - HOUR, undefined, 61_000).now).toBe(62_000)
    expect(advance(START, START.wall - 5, undefined, 61_000).now).toBe(1_000)
  })

  test('P9: believes any time that passes while it waits for nothing', () => {
    expect(advance(START, START.wall + HOUR, undefined).now).toBe(1_000 + HOUR)
  })
})

describe('the timer of a time of its own', () => {
  function clockOf() {
    const ambient = new FakeAmbient()
    const woken: number[] = []
    const source = { now: ambient.wallNow, after: ambient.after }
    const clock = new OwnClock(source, () => woken.push(clock.now()))
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
    expect(woken[0]).toBe(from + 100)
  })

  test('P9: has gone off when it has, though somebody set the clock back meanwhile', async () => {
    const { ambient, clock, woken, from } = clockOf()
    clock.wakeAt(from + 100)
    ambient.setClock(-HOUR)
    await ambient.pass(100)
    expect(woken).toEqual([from + 100])
  })
})
