import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backend, START } from '../../test/support/pool.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { TrackRecord } from './state.ts'
import { isErratic, isProven, recordOutcome, relapsesAt } from './track-record.ts'

const EMPTY = backend('a').record
const HALF_MINUTE = 30_000

const outcomes = (text: string, everyMs = 0): TrackRecord =>
  [...text].reduce((record, one, index) => recordOutcome(record, one === '+', START + index * everyMs), EMPTY)

describe('outcomes', () => {
  test.each([
    ['++++++++++', false],
    ['----', false],
    ['-----', true],
    ['++++-', false],
    ['+++--', true],
    ['++++++++--', false],
    ['+++++++---', true],
  ])('B32: %s speak against a backend: %s', (text, verdict) => {
    expect(isErratic(outcomes(text), START)).toBe(verdict)
  })

  test.each([
    ['', false],
    ['++', false],
    ['+++', true],
    ['++++-', true],
    ['+++-', false],
  ])('%s speak for a backend: %s', (text, verdict) => {
    expect(isProven(outcomes(text), START)).toBe(verdict)
  })

  test('are forgotten after half a minute', () => {
    const bad = outcomes('-----')
    expect(isErratic(bad, START + HALF_MINUTE - 3_000)).toBe(true)
    expect(isErratic(bad, START + HALF_MINUTE)).toBe(false)
    expect(recordOutcome(bad, true, START + HALF_MINUTE + 3_000).buckets).toHaveLength(1)
  })

  test('are counted, each once, in few buckets', () => {
    const some = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 5_000 })), { maxLength: 200 })
    fc.assert(
      fc.property(some, (all) => {
        let now = START
        let record = EMPTY
        const recent: [number, boolean][] = []
        for (const [isGood, ms] of all) {
          now += ms
          record = recordOutcome(record, isGood, now)
          recent.push([now, isGood])
        }
        expect(record.buckets.length).toBeLessThanOrEqual(11)
        const counted = record.buckets.reduce((sum, { good, bad }) => sum + good + bad, 0)
        const within = recent.filter(([at]) => at > now - HALF_MINUTE + 6_000).length
        expect(counted).toBeGreaterThanOrEqual(within)
        expect(counted).toBeLessThanOrEqual(recent.length)
      }),
      seeded,
    )
  })
})

describe('relapses', () => {
  const record = { ...EMPTY, relapses: 4, relapsedAt: START }

  test('are halved with each minute of health', () => {
    const relapses = (minutes: number): number => relapsesAt(record, START + minutes * 60_000)
    expect([0, 0.9, 1, 2, 3].map(relapses)).toEqual([4, 4, 2, 1, 0])
  })

  test('do not grow while the pause of the last one is not over yet', () => {
    expect(relapsesAt(record, START - 30_000)).toBe(4)
  })
})
