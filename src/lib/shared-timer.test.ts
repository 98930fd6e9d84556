import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { seeded } from '../../test/support/seeded.ts'
import { sharedTimer } from './shared-timer.ts'

function setUp() {
  const ambient = new FakeAmbient()
  const from = ambient.now()
  const rung: [name: string, ms: number][] = []
  const shared = sharedTimer(ambient)
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

  test('P9: are early by seconds at most, and never late, when somebody sets the clock', async () => {
    for (const hours of [1, -1]) {
      const { ambient, rung, set } = setUp()
      set('a minute', 60_000)
      await ambient.pass(1_500)
      ambient.setClock(hours * 3_600_000)
      await ambient.pass(46_500)
      expect(rung).toEqual([])
      await ambient.pass(12_000)
      expect(rung).toHaveLength(1)
    }
  })
})
