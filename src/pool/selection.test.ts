import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, job, known, lease, START, task } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { noCrowd } from './crowd.ts'
import type { Health } from './health-states.ts'
import { candidatesOf, choose, type Promises, type Surroundings } from './selection.ts'
import type { BackendState, Job } from './state.ts'

const CALM: Surroundings = { crowd: noCrowd(START), startedAt: START - 60_000 }
/** Others are there all the time. */
const CROWDED: Surroundings = { ...CALM, crowd: { at: START, jobs: 64, shares: new Array(64).fill(1) } }
const ids = (backends: readonly BackendState[]): string[] => backends.map(({ id }) => id)
const candidates = (backends: readonly BackendState[], changes: Partial<Job> = {}): string[] =>
  ids(candidatesOf(backends, job('t', changes), START))

const chosen = (
  backends: readonly BackendState[],
  changes: Partial<Job> = {},
  promises: Promises = new Map(),
) => choose(backends, job('t', changes), promises, CALM, START)

/** Used a moment ago, so that what is known of it holds. */
const used = (id: string, meanMs: number, changes: Partial<BackendState> = {}): BackendState =>
  backend(id, { times: known(meanMs), lastGrantAt: START - 1, ...changes })

const health = (id: string, health: Health, changes: Partial<BackendState> = {}): BackendState =>
  backend(id, { health, ...changes })

const EJECTED = { tasks: [task({ health: { kind: 'ejected', until: START + 5_000 } })] }
const SUSPECT = {
  tasks: [task({ suspicion: { since: START, cause: 'broke-off', pauseMs: 0, isProbing: true } })],
}
const WARMING: Health = { kind: 'slow-start', since: START, served: 0 }
const HALF_OPEN: Health = { kind: 'half-open', isProbing: false }

describe('the candidates for a job', () => {
  test('serve its model, have not failed it, and have not run out of memory for less', () => {
    const ceilings = [{ key: null, model: 'sdxl', predictedMs: 100, until: START + 1, times: 1 }]
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
    { kind: 'down', until: START + 5_000, probeAt: START, isSure: true },
    { kind: 'cold', since: START, tries: 0, wakeAt: null },
    { kind: 'drained' },
    { kind: 'disabled' },
  ])('are none that is $kind, be it the last', (state) => {
    expect(candidates([health('a', state)])).toEqual([])
    expect(candidates([health('a', state), backend('b')])).toEqual(['b'])
  })

  test('are none that is out for the task, or suspect, while another serves it', () => {
    for (const out of [EJECTED, SUSPECT]) {
      expect(candidates([backend('a', out), backend('b')])).toEqual(['b'])
      expect(candidates([backend('a', out), backend('b', out), backend('c')])).toEqual(['c'])
    }
    const both = { models: ['sdxl', 'flux'], ...EJECTED }
    expect(candidates([backend('a', both), backend('b')], { model: 'flux' })).toEqual(['a'])
  })

  test('B36: are those that are out or suspect when there is no other', () => {
    const tried = { tasks: [task({ health: { kind: 'half-open', isProbing: true } })] }
    for (const out of [EJECTED, SUSPECT, tried]) {
      expect(candidates([backend('a', out)])).toEqual(['a'])
      expect(candidates([backend('a', out)], { exclude: ['a'] })).toEqual([])
      expect(candidates([backend('a', out), health('b', { kind: 'drained' })])).toEqual(['a'])
    }
    expect(candidates([backend('a', EJECTED), backend('b', SUSPECT)])).toEqual(['b'])
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
    expect(chosen([used('a', 200, { leases: [lease()] }), used('b', 200)])?.backend.id).toBe('b')
    expect(chosen([used('a', 200), used('b', 100)])?.backend.id).toBe('b')
  })

  test('B30: is a fast backend that is about to be free rather than a slow one that is idle', () => {
    const fast = used('fast', 200, { leases: [lease({ endsAt: START + 300 })] })
    const slow = used('slow', 2_000)
    expect(chosen([fast, slow])).toMatchObject({ backend: fast, startsAt: START + 300, hasRoom: false })
    expect(chosen([fast, used('slow', 450)])).toMatchObject({ backend: { id: 'slow' }, hasRoom: true })
  })

  test('FA1: is a slow one that is idle sooner while others come all the time, but not whatever it costs', () => {
    const fast = used('fast', 40, { leases: [lease({ endsAt: START + 30 })] })
    const choice = (slowMs: number, where: Surroundings) =>
      choose([fast, used('slow', slowMs)], job('t'), new Map(), where, START)?.backend.id
    expect([choice(120, CALM), choice(120, CROWDED)]).toEqual(['fast', 'slow'])
    expect(choice(5_000, CROWDED)).toBe('fast')
  })

  test('FA1: is a backend with evidence rather than one that is known to be slower, whatever the deviations', () => {
    const ms = fc.integer({ min: 1, max: 60_000 })
    fc.assert(
      fc.property(ms, ms, ms, ms, fc.integer({ min: 2, max: 1_000 }), (a, b, devA, devB, samples) => {
        const two = [
          used('a', a, { times: known(a, { deviationMs: devA, samples }) }),
          used('b', b, { times: known(b, { deviationMs: devB, samples }) }),
        ]
        const choice = chosen(two, { deadlineAt: START + 1e7 })?.backend.id
        if (a !== b) expect(choice).toBe(a < b ? 'a' : 'b')
      }),
      seeded,
    )
  })

  test('FA1: is one of which nothing, or a first decode alone, is known where it may be the faster one', () => {
    const first = (ms: number) => known(ms, { samples: 1 })
    const other = (times: BackendState['times']) => chosen([used('a', 100), used('b', 0, { times })])
    expect(other(first(900))?.backend.id).toBe('b')
    expect(other(first(1_100))?.backend.id).toBe('a')
    expect(chosen([used('a', 100), backend('new', { lastGrantAt: START - 1 })])?.backend.id).toBe('new')
  })

  test('is one that was slow when it was last used, once that is so long ago that another try costs little', () => {
    const throttled = (agoMs: number) =>
      chosen([
        used('a', 150),
        used('b', 400, { times: known(400, { leastMs: 50 }), lastGrantAt: START - agoMs }),
      ])
    expect(throttled(40_000)).toMatchObject({ backend: { id: 'a' }, isOld: false })
    expect(throttled(40_001)).toMatchObject({ backend: { id: 'b' }, isOld: true })
    // One that was never quicker has nothing to show.
    const steady = used('b', 400, { lastGrantAt: START - 40_001 })
    expect(chosen([used('a', 150), steady])?.backend.id).toBe('a')
  })

  test('is the one that was used least recently of two that are equal', () => {
    const [a, b] = [backend('a', { lastGrantAt: 2 }), backend('b', { lastGrantAt: 1 })]
    expect([chosen([a, b])?.backend, chosen([b, a])?.backend]).toEqual([b, b])
    expect(chosen([backend('a'), backend('b')])?.backend.id).toBe('a')
  })

  test('starts when the job can be there, and ends by what the backend takes', () => {
    const far = used('a', 400, { times: { ...known(400), deadMs: 80 } })
    const times = { startsAt: START + 80, endsAt: START + 280, hasRoom: true }
    expect(chosen([far], { predictedMs: 100 })).toMatchObject(times)
  })

  test('B19: counts the time that a backend has asked for, and has no room before', () => {
    const paused = backend('a', { tasks: [task({ pausedUntil: START + 900 })] })
    expect(chosen([paused])).toMatchObject({ startsAt: START + 900, hasRoom: false })
    expect(chosen([paused], { deadlineAt: START + 899 })).toBeUndefined()
    expect(chosen([paused, backend('b')])?.backend.id).toBe('b')
  })

  test('counts what is promised to jobs before, who have the room', () => {
    const promises: Promises = new Map([['a', START + 700]])
    expect(chosen([backend('a')], {}, promises)).toMatchObject({ startsAt: START + 700, hasRoom: false })
    expect(chosen([backend('a'), backend('b')], {}, promises)?.backend.id).toBe('b')
  })

  test('is a backend that failed others’ requests just now only when others are later by seconds, which fades', () => {
    const record = { ...backend('a').record, soft: 1, failedAt: START }
    const others = (ms: number): BackendState[] => [
      backend('failed', { tasks: [task({ record })] }),
      backend('busy', { leases: [lease({ endsAt: START + ms })] }),
    ]
    const at = (backends: BackendState[], now: number) =>
      choose(backends, job('t', { deadlineAt: START + 1e6 }), new Map(), CALM, now)?.backend.id
    expect(at(others(900), START)).toBe('busy')
    expect(at(others(1_100), START)).toBe('failed')
    expect(at(others(20_000), START + 10_000)).toBe('failed')
  })

  test('is one that is out for the task last of all', () => {
    const pool = [backend('out', EJECTED), health('warming', WARMING)]
    expect(chosen(pool)?.backend.id).toBe('warming')
    expect(chosen([backend('out', EJECTED)])?.backend.id).toBe('out')
  })

  test('is none where no answer can be there in time, unless that is a guess', () => {
    const deadlineAt = START + 5_000
    expect(chosen([used('a', 9_000)], { deadlineAt })).toBeUndefined()
    const varying = used('a', 9_000, { times: known(9_000, { deviationMs: 3_000 }) })
    expect(chosen([varying], { deadlineAt })?.backend.id).toBe('a')
    expect(
      chosen([used('a', 12_000, { times: known(12_000, { samples: 1 }) })], { deadlineAt }),
    ).toBeDefined()
  })

  test('B33: has no room for a job that failed before where another runs, and a free slot for it', () => {
    const failures = [{ backendId: 'b', signature: 'crash' as const }]
    const ending = (slots: number) => backend('a', { slots, leases: [lease({ endsAt: START + 5 })] })
    expect([1, 2].map((slots) => chosen([ending(slots)], { failures })?.hasRoom)).toEqual([false, true])
    expect(chosen([ending(1)])?.hasRoom).toBe(true)
  })

  test('is never later than any other candidate would be', () => {
    const one = fc.record({
      ends: fc.array(fc.integer({ min: -500, max: 5_000 }), { maxLength: 3 }),
      slots: fc.integer({ min: 1, max: 2 }),
      meanMs: fc.integer({ min: 1, max: 5_000 }),
      pausedMs: fc.constantFrom(0, 300),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (settings) => {
        const pool = settings.map(({ ends, slots, meanMs, pausedMs }, index) =>
          used(`b${index}`, meanMs, {
            slots,
            tasks: [task({ pausedUntil: START + pausedMs })],
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
