import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { Machine } from '../../test/support/machine.ts'
import { seeded } from '../../test/support/seeded.ts'
import { ownAmbient } from './own-ambient.ts'

function setUp() {
  const ambient = new FakeAmbient()
  const from = ambient.now()
  const rung: [name: string, ms: number][] = []
  const shared = ownAmbient(ambient).after
  const set = (name: string, ms: number) => shared(ms, () => rung.push([name, ambient.now() - from]))
  return { ambient, shared, rung, set }
}

describe('timers that share one', () => {
  test('go off at their time, whenever they were set', async () => {
    const { ambient, rung, set } = setUp()
    set('long', 30_000)
    await ambient.pass(700)
    set('short', 5)
    set('second', 1_500)
    await ambient.pass(40_000)
    expect(rung).toEqual([
      ['short', 705],
      ['second', 2_200],
      ['long', 30_000],
    ])
    expect(ambient.timers).toEqual([])
  })

  test('set one of the platform, and leave none but that behind when they are stopped', async () => {
    const { ambient, rung, set } = setUp()
    const stops = [set('a', 1_500), set('b', 60_000), set('c', 2_000), set('d', 1_000)]
    expect(ambient.timers).toEqual([1_000])
    for (const stop of stops) stop()
    await ambient.pass(1_000)
    expect(ambient.timers).toEqual([])
    await ambient.pass(100_000)
    expect(rung).toEqual([])
  })

  test('may set and stop others when they go off', async () => {
    const { ambient, shared, rung, set } = setUp()
    const stop = set('stopped by the first', 2_000)
    shared(2_000, stop)
    shared(1_000, () => {
      stop()
      set('set by the first', 3_000)
    })
    await ambient.pass(10_000)
    expect(rung).toEqual([['set by the first', 4_000]])
  })

  test('go off as those of the platform do, in whatever order they are set and stopped', async () => {
    const step = fc.record({
      passMs: fc.nat(3_000),
      ms: fc.nat(8_000),
      stop: fc.option(fc.nat(20), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { ambient, shared } = setUp()
        const expected: string[] = []
        const seen: string[] = []
        const stops: (() => void)[] = []
        for (const [at, { passMs, ms, stop }] of steps.entries()) {
          const stopOwn = ambient.after(ms, () => expected.push(`${at} at ${ambient.now()}`))
          const stopShared = shared(ms, () => seen.push(`${at} at ${ambient.now()}`))
          stops.push(() => [stopOwn(), stopShared()])
          await ambient.pass(passMs)
          if (stop !== undefined) stops[stop]?.()
        }
        await ambient.pass(10_000)
        expect(seen.toSorted()).toEqual(expected.toSorted())
      }),
      { ...seeded, numRuns: 300 },
    )
  })
})

describe('P9: FA6: on a machine whose clock is set', () => {
  const HOUR = 3_600_000

  function onMachine() {
    const machine = new Machine()
    const from = machine.passedMs
    const own = ownAmbient(machine.begin())
    const rung: number[] = []
    const set = (ms: number) => own.after(ms, () => rung.push(machine.passedMs - from))
    return { machine, own, rung, set }
  }

  test.each([HOUR, 300_000, 30_000])(
    'forward, what is waited for is a second early at most (%i ms)',
    async (byMs) => {
      const { machine, rung, set } = onMachine()
      const waits = [1_700, 20_000, 60_000]
      for (const ms of waits) set(ms)
      await machine.pass(1_300)
      machine.setClock(byMs)
      await machine.pass(70_000)
      expect(rung).toHaveLength(waits.length)
      for (const [at, ms] of waits.entries()) {
        expect(rung[at]).toBeLessThanOrEqual(ms)
        expect(rung[at]).toBeGreaterThanOrEqual(ms - 1_000)
      }
    },
  )

  test.each([-30_000, -300_000, -HOUR])('back, nothing is over before its time (%i ms)', async (byMs) => {
    const { machine, rung, set } = onMachine()
    const waits = [1_700, 20_000, 60_000]
    for (const ms of waits) set(ms)
    await machine.pass(1_300)
    machine.setClock(byMs)
    await machine.pass(70_000 - byMs)
    expect(rung).toHaveLength(waits.length)
    for (const [at, ms] of waits.entries()) expect(rung[at]).toBeGreaterThanOrEqual(ms)
  })

  test('forth and back, time goes on from where it was, and never back', async () => {
    const { machine, own, set } = onMachine()
    set(600_000)
    let before = own.now()
    for (const byMs of [HOUR, -2 * HOUR, 5_000, -5_000, HOUR, -300_000]) {
      machine.setClock(byMs)
      await machine.pass(900)
      const now = own.now()
      expect(now).toBeGreaterThanOrEqual(before)
      expect(now - before).toBeLessThanOrEqual(1_000)
      before = now
    }
  })
})
