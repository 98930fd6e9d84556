import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, job, lease, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { Health } from './health-states.ts'
import { candidatesOf, choose, type Promises } from './selection.ts'
import type { BackendState, Job } from './state.ts'

const UP = START - 60_000
const ids = (backends: readonly BackendState[]): string[] => backends.map(({ id }) => id)
const candidates = (backends: readonly BackendState[], changes: Partial<Job> = {}): string[] =>
  ids(candidatesOf(backends, job('t', changes), START))

const chosen = (
  backends: readonly BackendState[],
  changes: Partial<Job> = {},
  promises: Promises = new Map(),
) => choose(backends, job('t', changes), promises, UP, START)

const health = (id: string, health: Health, changes: Partial<BackendState> = {}): BackendState =>
  backend(id, { health, ...changes })

const EJECTED: Health = { kind: 'ejected', until: START + 5_000 }
const WARMING: Health = { kind: 'slow-start', since: START, served: 0 }
const HALF_OPEN: Health = { kind: 'half-open', isProbing: false }

describe('the candidates for a job', () => {
  test('serve its model, have not failed it, and have not run out of memory for less', () => {
    const ceilings = [{ model: 'sdxl', predictedMs: 100, until: START + 1, times: 0 }]
    const pool = [
      backend('other', { models: ['flux'] }),
      backend('failed'),
      backend('small', { ceilings }),
      backend('good'),
    ]
    expect(candidates(pool, { exclude: ['failed'] })).toEqual(['good'])
    expect(candidates(pool, { exclude: ['failed'], predictedMs: 100 })).toEqual(['small', 'good'])
  })

  test.each<Health>([
    { kind: 'down', until: START + 5_000, probeAt: START },
    { kind: 'cold', since: START, tries: 0, wakeAt: null },
    { kind: 'drained' },
    { kind: 'disabled' },
  ])('are none that is $kind, be it the last', (state) => {
    expect(candidates([health('a', state)])).toEqual([])
    expect(candidates([health('a', state), backend('b')])).toEqual(['b'])
  })

  test('are none that is ejected, while half of the pool serves', () => {
    expect(candidates([health('a', EJECTED), backend('b')])).toEqual(['b'])
    expect(candidates([health('a', EJECTED), health('b', EJECTED), backend('c')])).toEqual(['c', 'a', 'b'])
  })

  test('B36: are those that are ejected when there is nobody else', () => {
    expect(candidates([health('a', EJECTED)])).toEqual(['a'])
    expect(candidates([health('a', EJECTED)], { exclude: ['a'] })).toEqual([])
  })

  test('of which the operator has taken some out are not fewer than half by that', () => {
    const out: Health[] = [{ kind: 'drained' }, { kind: 'disabled' }]
    const pool = [backend('a'), health('b', EJECTED), ...out.map((state, at) => health(`out-${at}`, state))]
    expect(candidates(pool)).toEqual(['a'])
  })

  test('for a long job are warm, unless none is', () => {
    const pool = [health('warming', WARMING), backend('warm')]
    expect(candidates(pool, { predictedMs: 10_000 })).toEqual(['warm'])
    expect(candidates(pool, { predictedMs: 200 })).toEqual(['warming', 'warm'])
    expect(candidates(pool.slice(0, 1), { predictedMs: 10_000 })).toEqual(['warming'])
  })

  test('may be half-open for one small job, alone, while no probe runs', () => {
    const tried = (changes: Partial<BackendState>, one: Partial<Job> = {}): string[] =>
      candidates([health('a', HALF_OPEN, changes), backend('b')], one)
    expect(tried({})).toEqual(['b', 'a'])
    expect(tried({}, { predictedMs: 501 })).toEqual(['b'])
    expect(tried({ leases: [lease()] })).toEqual(['b'])
    expect(tried({ health: { kind: 'half-open', isProbing: true } })).toEqual(['b'])
  })
})

describe('the choice', () => {
  test('is nobody among nobody', () => {
    expect(chosen([])).toBeUndefined()
  })

  test('is an idle backend rather than a busy one, and the fast one of two', () => {
    const fast = { pace: { ...backend('a').pace, speed: 0.5 } }
    expect(chosen([backend('a', { leases: [lease()] }), backend('b')])?.backend.id).toBe('b')
    expect(chosen([backend('a'), backend('b', fast)])?.backend.id).toBe('b')
  })

  test('B30: is a fast backend that is about to be free rather than a slow one that is idle', () => {
    const fast = backend('fast', { leases: [lease({ endsAt: START + 300 })] })
    const slow = backend('slow', { pace: { ...backend('a').pace, speed: 10 } })
    expect(chosen([fast, slow])).toMatchObject({ backend: fast, startsAt: START + 300, hasRoom: false })
    expect(chosen([fast, slow], { predictedMs: 10 })).toMatchObject({ backend: slow, hasRoom: true })
  })

  test('is the one that was used least recently of two that are equal', () => {
    const [a, b] = [backend('a', { lastGrantAt: 2 }), backend('b', { lastGrantAt: 1 })]
    expect([chosen([a, b])?.backend, chosen([b, a])?.backend]).toEqual([b, b])
    expect(chosen([backend('a'), backend('b')])?.backend.id).toBe('a')
  })

  test('starts when the job can be there, and ends by the pace of the backend', () => {
    const pace = { ...backend('a').pace, gapMs: 80, speed: 2 }
    expect(chosen([backend('a', { pace })], { predictedMs: 100 })).toMatchObject({
      startsAt: START + 80,
      endsAt: START + 280,
      hasRoom: true,
    })
  })

  test('B19: counts the time that a backend has asked for, and has no room before', () => {
    const paused = backend('a', { busyUntil: START + 900 })
    expect(chosen([paused])).toMatchObject({ startsAt: START + 900, hasRoom: false })
    expect(chosen([paused], { deadlineAt: START + 899 })).toBeUndefined()
    expect(chosen([paused, backend('b')])?.backend.id).toBe('b')
  })

  test('counts what is promised to jobs before, who have the room', () => {
    const promises: Promises = new Map([['a', START + 700]])
    expect(chosen([backend('a')], {}, promises)).toMatchObject({ startsAt: START + 700, hasRoom: false })
    expect(chosen([backend('a'), backend('b')], {}, promises)?.backend.id).toBe('b')
  })

  test('is a backend that failed just now only when others are later by seconds, which fades', () => {
    const record = { ...backend('a').record, failedAt: START }
    const others = (ms: number): BackendState[] => [
      backend('failed', { record }),
      backend('busy', { leases: [lease({ endsAt: START + ms })] }),
    ]
    const at = (backends: BackendState[], now: number) =>
      choose(backends, job('t', { deadlineAt: START + 1e6 }), new Map(), UP, now)?.backend.id
    expect(at(others(1_000), START)).toBe('busy')
    expect(at(others(9_000), START)).toBe('failed')
    expect(at(others(20_000), START + 10_000)).toBe('failed')
  })

  test('is one that is ejected last of all', () => {
    const pool = [health('ejected', EJECTED), health('warming', WARMING)]
    expect(chosen(pool)?.backend.id).toBe('warming')
    expect(chosen([health('ejected', EJECTED)])?.backend.id).toBe('ejected')
  })

  test('B30: is not one whose decodes are all over the place, where that may cost the deadline', () => {
    const pace = { ...backend('a').pace, spread: 0.5, samples: 50 }
    const pool = [
      backend('erratic', { pace }),
      backend('busy', { leases: [lease({ endsAt: START + 8_000 })] }),
    ]
    const at = (predictedMs: number, ms: number): string | undefined =>
      choose(pool, job('t', { predictedMs, deadlineAt: START + ms }), new Map(), UP, START)?.backend.id
    expect(at(4_000, 15_000)).toBe('busy')
    expect(at(100, 15_000)).toBe('erratic')
  })

  test('is never later than any other candidate would be', () => {
    const one = fc.record({
      ends: fc.array(fc.integer({ min: -500, max: 5_000 }), { maxLength: 3 }),
      slots: fc.integer({ min: 1, max: 2 }),
      speed: fc.double({ min: 0.1, max: 5, noNaN: true }),
      busyMs: fc.constantFrom(0, 300),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (settings) => {
        const pool = settings.map(({ ends, slots, speed, busyMs }, index) =>
          backend(`b${index}`, {
            slots,
            busyUntil: START + busyMs,
            pace: { ...backend('a').pace, speed },
            leases: ends.map((ms, id) => lease({ id, endsAt: START + ms })),
          }),
        )
        const best = chosen(pool)
        for (const other of pool) {
          const alone = chosen([other])
          expect(best?.endsAt).toBeLessThanOrEqual(alone?.endsAt ?? 0)
        }
        expect(best?.startsAt).toBeGreaterThan(START)
      }),
      seeded,
    )
  })
})
