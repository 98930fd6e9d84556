import { describe, expect, test } from 'vitest'
import type { Backend } from '../backends/backend.ts'
import { LocalView } from './local-view.ts'

const NOW = 1_000_000
const backend = (id: string): Backend => ({
  id,
  kind: 'vae-backend',
  url: 'https://decoder.example.com/',
  token: undefined,
  models: ['sdxl'],
  slots: 1,
  scaleToZero: false,
  abortable: true,
  shard: undefined,
})

describe('what an isolate knows', () => {
  test('counts jobs until they end, each once', () => {
    const view = new LocalView()
    const leave = view.enter('a', NOW + 1_000)
    view.enter('a', NOW + 1_000)
    expect(view.inFlight('a', NOW)).toBe(2)
    leave()
    leave()
    expect(view.inFlight('a', NOW)).toBe(1)
    expect(view.inFlight('b', NOW)).toBe(0)
  })

  test('P10: forgets jobs whose context the runtime dropped, when their time is over', () => {
    const view = new LocalView()
    view.enter('a', NOW + 1_000)
    expect(view.inFlight('a', NOW + 999)).toBe(1)
    expect(view.inFlight('a', NOW + 1_000)).toBe(0)
  })

  test('P6: names a loss and a recovery once each', () => {
    const view = new LocalView()
    expect(view.found('pool')).toBeUndefined()
    expect(view.lost('pool', 'silent', false, NOW)).toEqual({
      kind: 'pool-degraded',
      pool: 'pool',
      why: 'silent',
    })
    expect(view.lost('pool', 'errors', false, NOW)).toBeUndefined()
    expect(view.lost('pool', 'errors', true, NOW + 2_000)).toBeUndefined()
    expect(view.found('pool')).toEqual({ kind: 'pool-recovered', pool: 'pool' })
    expect(view.found('pool')).toBeUndefined()
  })

  test('P6: loses one pool and not the others', () => {
    const view = new LocalView()
    view.lost('pool', 'silent', false, NOW)
    expect([view.routeOf('pool', NOW), view.routeOf('other', NOW)]).toEqual(['local', 'object'])
  })

  test('places jobs on backends that serve the model and did not fail it', () => {
    const view = new LocalView()
    const backends = [backend('a'), { ...backend('b'), models: ['flux'] }, backend('c')]
    expect(view.place(backends, 'sdxl', ['a'], () => 0, NOW)).toEqual({ ok: true, backendId: 'c' })
    expect(view.place(backends, 'sd-v1', [], () => 0, NOW)).toMatchObject({ reason: 'exhausted' })
  })

  test('P20: takes the shortest answer lately for the way, and forgets a way that has become longer', () => {
    const view = new LocalView()
    const rtt = (tookMs: number): number => {
      view.heard('pool', 0, tookMs, NOW)
      return view.reports.get('pool')?.rttMs ?? Number.NaN
    }
    expect([rtt(40), rtt(9_000)]).toEqual([40, 42])
    for (let i = 0; i < 60; i++) rtt(300)
    expect(rtt(300)).toBe(300)
  })
})
