import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { member, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import { learn } from './pause.ts'
import { type BackendState, type Evidence, emptyPool } from './state.ts'

const [FRESH] = emptyPool([member('a')]).backends as [BackendState]
const HARD: Evidence = { kind: 'hard' }
const SOFT: Evidence = { kind: 'soft' }

/** What a backend is after evidence, with the longest pauses there can be. */
const backendAfter = (...evidence: Evidence[]): BackendState =>
  evidence.reduce((backend, evidence) => learn(backend, evidence, 1, START), FRESH)
/** How long it is paused from now on. */
const pausedMs = ({ pause }: BackendState): number | undefined => (pause ? pause.until - START : undefined)

describe('failures in a row', () => {
  test.each([
    ['one out of reach', [HARD], undefined],
    ['two out of reach', [HARD, HARD], 1_000],
    ['three out of reach', [HARD, HARD, HARD], 2_000],
    ['four out of reach', [HARD, HARD, HARD, HARD], 4_000],
    ['two errors', [SOFT, SOFT], undefined],
    ['three errors', [SOFT, SOFT, SOFT], 5_000],
    ['four errors', [SOFT, SOFT, SOFT, SOFT], 10_000],
    ['an error, then out of reach', [SOFT, HARD], 1_000],
    ['out of reach, then two errors', [HARD, SOFT, SOFT], 5_000],
  ])('B31: %s pause for %j', (_, evidence, ms) => {
    const backend = backendAfter(...evidence)
    expect(pausedMs(backend)).toBe(ms)
    expect(backend.strikes).toBe(evidence.length)
    if (ms) expect(backend.pause?.kind).toBe('down')
  })

  test('pause for a minute at most, however many there are', () => {
    expect(pausedMs(backendAfter(...Array<Evidence>(50).fill(HARD)))).toBe(60_000)
    expect(pausedMs(backendAfter(...Array<Evidence>(2_000).fill(SOFT)))).toBe(60_000)
  })

  test('are forgotten with one answer', () => {
    const backend = backendAfter(HARD, HARD, HARD, { kind: 'served' })
    expect([backend.strikes, backend.pause]).toEqual([0, null])
    expect(backendAfter(HARD, { kind: 'served' }, HARD).pause).toBeNull()
  })

  test('B32: are counted on when a busy answer comes between them', () => {
    expect(backendAfter(HARD, { kind: 'busy', retryAfterMs: 0 }, HARD).pause).toMatchObject({ kind: 'down' })
  })
})

describe('a backend that asks for time', () => {
  test.each([
    [0, 0],
    [7_000, 7_000],
    [300_000, 300_000],
    [86_400_000, 300_000],
    [Number.POSITIVE_INFINITY, 300_000],
  ])('B19: for %i ms gets %i ms', (asked, given) => {
    const backend = backendAfter({ kind: 'busy', retryAfterMs: asked })
    expect(backend.pause).toEqual({ kind: 'busy', until: START + given })
    expect(backend.strikes).toBe(0)
  })

  test('B19: gets it even when an answer from before comes in late', () => {
    const backend = backendAfter({ kind: 'busy', retryAfterMs: 7_000 }, { kind: 'served' })
    expect(pausedMs(backend)).toBe(7_000)
  })
})

test('B14: a backend that is gone or refuses us is left alone for a minute at once', () => {
  expect(backendAfter({ kind: 'misconfigured' })).toMatchObject({
    strikes: 1,
    pause: { kind: 'down', until: START + 60_000 },
  })
})

test('C35: pauses are spread over half to all of their length', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(random, fc.integer({ min: 2, max: 12 }), (random, strikes) => {
      const full = pausedMs(backendAfter(...Array<Evidence>(strikes).fill(HARD))) ?? 0
      const spread =
        pausedMs(learn(backendAfter(...Array<Evidence>(strikes - 1).fill(HARD)), HARD, random, START)) ?? 0
      expect(spread).toBeGreaterThanOrEqual(full / 2)
      expect(spread).toBeLessThanOrEqual(full)
    }),
    seeded,
  )
})

test('evidence changes nothing but strikes and pause', () => {
  for (const evidence of [HARD, SOFT, { kind: 'served' }, { kind: 'misconfigured' }] as Evidence[]) {
    expect(backendAfter(evidence)).toMatchObject({ id: 'a', models: ['sdxl'], slots: 1, lastGrantAt: 0 })
  }
})
