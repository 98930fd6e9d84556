import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { accountAt, admit, EMPTY_ACCOUNT } from './account.ts'
import { accountOf, pixelsToWrite, snapshotOf } from './snapshot.ts'
import { unitsIn } from './window.ts'

const WALL = Date.parse('2026-11-23T12:00:00Z')
const BOUNDS = { requestsPerMinute: 10, pixelsPerMinute: null, concurrency: null, pixelsPerMonth: 1_000_000 }

test('P1: another life of the object grants no more than the one before would have', () => {
  const ms = fc.integer({ min: 0, max: 120_000 })
  fc.assert(
    fc.property(
      fc.array(ms, { maxLength: 20 }),
      ms,
      fc.integer({ min: -3_600_000, max: 3_600_000 }),
      (moments, goneMs, ownTime) => {
        let account = EMPTY_ACCOUNT
        const times = (ms: number) => ({ now: 1_000 + ms, wall: WALL + ms })
        const sorted = [...moments].sort((a, b) => a - b)
        for (const moment of sorted) account = admit(account, 5, BOUNDS, times(moment)).account
        const end = sorted.at(-1) ?? 0
        const written = snapshotOf(account, account.month.pixels, times(end))
        // A clock of its own: any reading will do.
        const next = { now: ownTime, wall: WALL + end + goneMs }
        const revived = accountAt(accountOf(written, next), next)
        const same = accountAt(account, times(end + goneMs))
        expect(unitsIn(revived.requests)).toBe(unitsIn(same.requests))
        expect(revived.month).toEqual(same.month)
        expect(revived.places).toEqual([])
      },
    ),
    seeded,
  )
})

test('P9: a clock that was set back in between makes nothing younger', () => {
  const { account } = admit(EMPTY_ACCOUNT, 5, BOUNDS, { now: 0, wall: WALL })
  const revived = accountOf(snapshotOf(account, 5, { now: 1_000, wall: WALL + 1_000 }), {
    now: 0,
    wall: WALL - 9_000,
  })
  expect(revived.requests).toEqual([{ from: -1_000, at: -1_000, units: 1 }])
})

test('P2: while a key is busy more of its month is written than it has used, and exactly that when it is idle', () => {
  expect(pixelsToWrite(500, 1_000_000, true)).toBe(1_500)
  expect(pixelsToWrite(500, 1_000_000, false)).toBe(500)
  expect(pixelsToWrite(500, null, true)).toBe(500)
})
