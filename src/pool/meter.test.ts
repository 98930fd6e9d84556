import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { backend, job, lease, START, task } from '../../test/support/pool.ts'
import type { Health } from './health-states.ts'
import { emptyPool } from './initial.ts'
import { PoolMeter } from './meter.ts'
import type { PoolState } from './state.ts'

const pool = (changes: Partial<PoolState> = {}): PoolState => ({
  ...emptyPool([], { seed: 1, now: START }),
  ...changes,
})

const GRANT = {
  kind: 'grant',
  ticket: 't',
  leaseId: 1,
  backendId: 'a',
  startsInMs: 0,
  expectedMs: 1,
  deviationMs: 0,
  isLearnt: false,
  isTrusted: true,
} as const

const valuesOf = (meter: PoolMeter, state: PoolState, name: string): (readonly [string, unknown])[] =>
  meter
    .read(state, START)
    .gauges.flatMap(([metric, labels, value]) =>
      metric === name ? [[labels.join(' '), value] as const] : [],
    )

describe('a pool', () => {
  test('counts how a backend changes its state, and knows since when', async () => {
    const ambient = new FakeAmbient()
    const meter = new PoolMeter(ambient, true)
    const began = ambient.now()
    const healths: Health[] = [
      { kind: 'usable' },
      { kind: 'cold', since: START, tries: 0, wakeAt: null },
      { kind: 'cold', since: START, tries: 1, wakeAt: START },
      { kind: 'slow-start', since: START, served: 0 },
      { kind: 'cold', since: START, tries: 0, wakeAt: null },
    ]
    const states = healths.map((health) => pool({ backends: [backend('a', { health }), backend('b')] }))
    for (const [at, state] of states.entries()) {
      await ambient.pass(1_000)
      meter.stepped(states[at - 1] ?? state, state, { kind: 'tick' })
    }
    const last = states.at(-1) as PoolState
    expect(meter.read(last, START).counts.get('vae_gateway_backend_state_changes_total')).toEqual(
      new Map([
        ['a\ncold', 2],
        ['a\nslow-start', 1],
      ]),
    )
    expect(valuesOf(meter, last, 'vae_gateway_backend_state_since_seconds')).toEqual([
      ['a', (began + 5_000) / 1000],
      ['b', began / 1000],
    ])
  })

  test('shows each backend in one state, why while it is out, and what is taken of it', () => {
    const meter = new PoolMeter(new FakeAmbient(), true)
    const leases = [lease(), lease({ id: 2, phase: 'staged' })]
    const ejected = task({ health: { kind: 'ejected', until: START + 5 }, cause: 'timeouts' })
    const paused = task({ cause: 'timeouts', pausedUntil: START + 3_000 })
    const state = pool({
      backends: [backend('a', { tasks: [ejected], leases }), backend('b', { tasks: [paused] })],
    })
    expect(valuesOf(meter, state, 'vae_gateway_backend_state')).toEqual([
      ['a ejected', 1],
      ['b usable', 1],
    ])
    expect(valuesOf(meter, state, 'vae_gateway_backend_cause')).toEqual([['a timeouts', 1]])
    expect(valuesOf(meter, state, 'vae_gateway_backend_leases').slice(0, 3)).toEqual([
      ['a running', 1],
      ['a staged', 1],
      ['a draining', 0],
    ])
    expect(valuesOf(meter, state, 'vae_gateway_backend_paused_seconds')).toEqual([
      ['a', 0],
      ['b', 3],
    ])
  })

  test('shows its queue by jobs and keys, never which', () => {
    const meter = new PoolMeter(new FakeAmbient(), true)
    const lane = { key: 'key-1', isLong: false, deficitMs: 0, jobs: [job('1'), job('2')] }
    const state = pool({
      lanes: [lane, { ...lane, isLong: true, jobs: [job('3')] }, { ...lane, key: 'key-2' }],
    })
    expect(valuesOf(meter, state, 'vae_gateway_queue_jobs')).toEqual([['', 5]])
    expect(valuesOf(meter, state, 'vae_gateway_queue_keys')).toEqual([['', 2]])
    expect(JSON.stringify(meter.read(state, START).gauges)).not.toContain('key-1')
  })

  test('counts what it grants and refuses, and how long that took', () => {
    const meter = new PoolMeter(new FakeAmbient(), true)
    meter.answered(GRANT, 'first', 100)
    meter.answered(GRANT, 'retry', 300)
    meter.answered({ kind: 'reject', ticket: 't', reason: 'budget', retryAfterMs: 1 }, 'hedge', 0)
    const { counts } = meter.read(pool(), START)
    expect(counts.get('vae_gateway_grants_total')).toEqual(
      new Map([
        ['first', 1],
        ['retry', 1],
      ]),
    )
    expect(counts.get('vae_gateway_refusals_total')).toEqual(new Map([['budget', 1]]))
    const waits = counts.get('vae_gateway_queue_wait_seconds')?.get('granted') as number[]
    expect(waits.at(-1)).toBe(0.4)
  })

  test('is kept for a minute and a half after it has counted, where somebody may ask, by one timer', async () => {
    const [read, unread] = [new FakeAmbient(), new FakeAmbient()]
    const set = { read: 0, unread: 0 }
    const counting = (ambient: FakeAmbient, name: keyof typeof set) => ({
      now: () => ambient.now(),
      after: (ms: number, task: () => void) => {
        set[name]++
        return ambient.after(ms, task)
      },
    })
    const meters = [
      new PoolMeter(counting(read, 'read'), true),
      new PoolMeter(counting(unread, 'unread'), false),
    ]
    for (const meter of meters) for (let i = 0; i < 1_000; i++) meter.answered(GRANT, 'first', 0)
    expect(set).toEqual({ read: 1, unread: 0 })
    await read.pass(46_000)
    meters[0]?.answered(GRANT, 'first', 0)
    expect(set.read).toBe(2)
  })
})
