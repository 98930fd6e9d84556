import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import { HARD, SERVED } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { type Candidate, judge, place, type Standing, UNKNOWN } from './degraded.ts'
import type { Evidence } from './events.ts'

const NOW = 1_000_000
const candidate = (id: string, changes: Partial<Candidate> = {}): Candidate => ({
  id,
  slots: 1,
  inFlight: 0,
  standing: UNKNOWN,
  ...changes,
})
const having = (...evidence: Evidence['kind'][]): Standing =>
  evidence.reduce(
    (standing, kind) => judge(standing, { kind, retryAfterMs: 7_000 } as Evidence, NOW),
    UNKNOWN,
  )
const chosen = (candidates: Candidate[], random: [number, number] = [0, 0], now = NOW) => {
  const placed = place(candidates, random, now)
  return placed.ok ? placed.backendId : placed.reason
}

describe('P6: without the pool’s object a job goes to', () => {
  test('the one of two random backends that has less in flight from here', () => {
    const three = [candidate('a', { inFlight: 1 }), candidate('b'), candidate('c', { inFlight: 1 })]
    expect(chosen(three, [0, 0])).toBe('b')
    expect(chosen(three, [0.4, 0])).toBe('b')
    expect(chosen(three, [0.9, 0])).toBe('c')
    expect(chosen(three, [0.9, 0.9])).toBe('b')
  })

  test('the one with less per slot', () => {
    const two = [candidate('a', { inFlight: 1 }), candidate('b', { inFlight: 2, slots: 4 })]
    expect(chosen(two)).toBe('b')
  })

  test('the only one there is', () => {
    expect(chosen([candidate('a')], [0.99, 0.99])).toBe('a')
  })

  test('one that has not failed twice in a row', () => {
    const two = [candidate('a', { standing: having('hard', 'soft') }), candidate('b', { inFlight: 1 })]
    for (const first of [0, 0.99]) expect(chosen(two, [first, 0])).toBe('b')
    expect(chosen([candidate('a', { standing: having('hard') })])).toBe('a')
  })

  test('one that failed when there is no other', () => {
    expect(chosen([candidate('a', { standing: having('hard', 'hard') })])).toBe('a')
  })
})

describe('P6: without the pool’s object', () => {
  test('B19: a backend that asked for time is left alone for it', () => {
    const busy = candidate('a', { standing: having('busy') })
    expect(place([busy], [0, 0], NOW + 3_000)).toEqual({
      ok: false,
      reason: 'queue-full',
      retryAfterMs: 4_000,
    })
    expect(chosen([busy], [0, 0], NOW + 7_000)).toBe('a')
    expect(chosen([busy, candidate('b')])).toBe('b')
  })

  test('B18: so is one that is asleep', () => {
    expect(chosen([candidate('a', { standing: having('cold') })])).toBe('queue-full')
  })

  test('a backend gets twice as many jobs from here as it has slots, and no more', () => {
    expect(chosen([candidate('a', { inFlight: 1 })])).toBe('a')
    expect(place([candidate('a', { inFlight: 2 })], [0, 0], NOW)).toEqual({
      ok: false,
      reason: 'queue-full',
      retryAfterMs: 1_000,
    })
    expect(chosen([candidate('a', { inFlight: 3, slots: 2 }), candidate('b', { inFlight: 2 })])).toBe('a')
  })

  test('a job that all have failed is exhausted', () => {
    expect(chosen([])).toBe('exhausted')
  })

  test('B12: a full GPU is no fault of its backend', () => {
    expect(having('out-of-memory', 'out-of-memory', 'out-of-memory')).toEqual(UNKNOWN)
  })

  test('an ejection lasts 1 s, then 2 s and so on, half a minute at most, until the backend serves', () => {
    let standing = UNKNOWN
    const lengths = Array.from({ length: 7 }, () => {
      standing = judge(judge(standing, HARD, NOW), HARD, NOW)
      return standing.ejectedUntil - NOW
    })
    expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(judge(standing, SERVED, NOW)).toEqual(UNKNOWN)
  })

  test('a job is placed wherever there is room, and never on one that is full, paused or excluded', () => {
    const candidates = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        slots: fc.integer({ min: 1, max: 3 }),
        inFlight: fc.nat(7),
        standing: fc.constantFrom(UNKNOWN, having('busy'), having('hard', 'hard')),
      }),
      { selector: ({ id }) => id },
    )
    const chance = fc.double({ min: 0, max: 0.9999, noNaN: true })
    fc.assert(
      fc.property(candidates, chance, chance, (candidates, first, second) => {
        const placed = place(candidates, [first, second], NOW)
        const awake = candidates.filter(({ standing }) => standing.pausedUntil <= NOW)
        const trusted = awake.filter(({ standing }) => standing.ejectedUntil <= NOW)
        const usable = trusted.length > 0 ? trusted : awake
        const open = usable.filter(({ inFlight, slots }) => inFlight < 2 * slots)
        expect(placed.ok).toBe(open.length > 0)
        if (placed.ok) expect(open.map(({ id }) => id)).toContain(placed.backendId)
      }),
      { ...seeded, numRuns: 1_000 },
    )
  })
})

test('P6: one request in a thousand at most fails while one of four backends is dead and three are well', () => {
  const { random } = new FakeAmbient()
  const standings = new Map<string, Standing>()
  let failed = 0
  let now = NOW
  for (let request = 0; request < 10_000; request++) {
    now += 50
    const exclude: string[] = []
    // Two attempts, as degraded mode has them.
    while (exclude.length < 2) {
      const open = ['dead', 'b', 'c', 'd'].filter((id) => !exclude.includes(id))
      const candidates = open.map((id) => candidate(id, { standing: standings.get(id) ?? UNKNOWN }))
      const placed = place(candidates, [random(), random()], now)
      if (!placed.ok) throw new Error('there is room')
      const shown = placed.backendId === 'dead' ? HARD : SERVED
      standings.set(placed.backendId, judge(standings.get(placed.backendId) ?? UNKNOWN, shown, now))
      if (shown === SERVED) break
      exclude.push(placed.backendId)
    }
    if (exclude.length === 2) failed++
  }
  expect(failed).toBeLessThanOrEqual(10)
})
