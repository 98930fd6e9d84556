import { describe, expect, test } from 'vitest'
import { lose, pauseMs, REACHABLE, type Reachability, route } from './reachability.ts'

const NOW = 1_000_000
const lost = (times: number): Reachability => ({ kind: 'lost', times, until: NOW + pauseMs(times) })

describe('P6: a pool whose object', () => {
  test('answers is asked', () => {
    expect(route(REACHABLE, NOW)).toEqual(['object', REACHABLE])
  })

  test('is lost is left alone for 2 s, then 4 s and so on, half a minute at most', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(pauseMs)).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(route(lost(1), NOW + 1_999)[0]).toBe('local')
    expect(route(lost(3), NOW + 7_999)[0]).toBe('local')
  })

  test('was lost is tried by one request in each interval, also when nobody hears what became of it', () => {
    const [first, trying] = route(lost(1), NOW + 2_000)
    const [second, unchanged] = route(trying, NOW + 2_001)
    expect([first, second]).toEqual(['trial', 'local'])
    expect(route(unchanged, NOW + 4_000)[0]).toBe('trial')
  })

  test('is still lost after a trial is left alone for longer', () => {
    const [, trying] = route(lost(1), NOW + 2_000)
    expect(lose(trying, true, NOW + 3_500)).toEqual({ kind: 'lost', times: 2, until: NOW + 7_500 })
  })

  test('is found lost by many requests at once is lost once', () => {
    const state = lose(REACHABLE, false, NOW)
    expect(state).toEqual(lost(1))
    expect(lose(lose(state, false, NOW + 1), false, NOW + 2)).toEqual(state)
  })
})
