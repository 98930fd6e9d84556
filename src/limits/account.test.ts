import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { type Account, accountAt, admit, type Charge, EMPTY_ACCOUNT, finish, refund } from './account.ts'
import type { Bounds } from './bounds.ts'
import { PLACE_TTL_MS } from './places.ts'
import { quotasOf } from './quotas.ts'
import { unitsIn } from './window.ts'

const WALL = Date.parse('2026-11-23T12:00:00Z')
const FREE: Bounds = {
  requestsPerMinute: null,
  pixelsPerMinute: null,
  concurrency: null,
  pixelsPerMonth: null,
}
const at = (ms: number) => ({ now: 1_000 + ms, wall: WALL + ms })

/** Admits, or fails the test. */
function granted(
  account: Account,
  pixels: number,
  bounds: Bounds,
  ms = 0,
): { account: Account; charge: Charge } {
  const admitted = admit(account, pixels, bounds, at(ms))
  if (!admitted.ok) throw new Error(JSON.stringify(admitted.violations))
  return admitted
}

function refused(account: Account, pixels: number, bounds: Bounds, ms = 0) {
  const admitted = admit(account, pixels, bounds, at(ms))
  if (admitted.ok) throw new Error('admitted')
  return admitted.violations
}

const TIGHT: Bounds = { requestsPerMinute: 3, pixelsPerMinute: 300, concurrency: 2, pixelsPerMonth: 500 }

describe('an account', () => {
  test('charges every limit at once', () => {
    const { account } = granted(EMPTY_ACCOUNT, 100, TIGHT)
    expect(quotasOf(account, TIGHT, at(0)).map(({ policy, remaining }) => [policy, remaining])).toEqual([
      ['requests', 2],
      ['megapixels', 0.0002],
      ['concurrency', 1],
      ['month', 0.0004],
    ])
  })

  test.each<[string, Partial<Bounds>, number]>([
    ['requests', { requestsPerMinute: 1 }, 1],
    ['megapixels', { pixelsPerMinute: 150 }, 100],
    ['concurrency', { concurrency: 1 }, 1],
    ['month', { pixelsPerMonth: 150 }, 100],
  ])(
    'says that %s is what a request does not fit in, and charges none of the others',
    (policy, tight, pixels) => {
      const bounds = {
        requestsPerMinute: 100,
        pixelsPerMinute: 1e6,
        concurrency: 100,
        pixelsPerMonth: 1e6,
        ...tight,
      }
      const { account } = granted(EMPTY_ACCOUNT, 100, bounds)
      const again = admit(account, pixels, bounds, at(10))
      expect(again).toMatchObject({ ok: false, violations: [{ policy }] })
      expect(again.account).toEqual(accountAt(account, at(10)))
    },
  )

  test('is all or nothing, whatever is asked and given back', () => {
    const step = fc.record({
      gapMs: fc.integer({ min: 0, max: 20_000 }),
      pixels: fc.integer({ min: 1, max: 200 }),
      end: fc.constantFrom('keep', 'finish', 'refund'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        let account = EMPTY_ACCOUNT
        let ms = 0
        let month = 0
        let open = 0
        for (const { gapMs, pixels, end } of steps) {
          ms += gapMs
          const before = accountAt(account, at(ms))
          const admitted = admit(account, pixels, TIGHT, at(ms))
          account = admitted.account
          if (!admitted.ok) {
            expect(account).toEqual(before)
            continue
          }
          month += pixels
          open += 1
          if (end === 'refund') {
            account = refund(account, admitted.charge)
            month -= pixels
          }
          if (end !== 'keep') {
            account = finish(account, admitted.charge)
            open -= 1
          }
          expect(account.places).toHaveLength(open)
          expect(account.month.pixels).toBe(month)
          expect(open).toBeLessThanOrEqual(2)
          expect(month).toBeLessThanOrEqual(500)
          expect(unitsIn(account.requests)).toBeLessThanOrEqual(3)
          expect(unitsIn(account.pixels)).toBeLessThanOrEqual(300)
        }
      }),
      { ...seeded, numRuns: 200 },
    )
  })

  test('gives all of it back when we failed', () => {
    const { account, charge } = granted(EMPTY_ACCOUNT, 100, TIGHT)
    const after = finish(refund(account, charge), charge)
    expect(quotasOf(after, TIGHT, at(0))).toEqual(
      quotasOf(EMPTY_ACCOUNT, TIGHT, at(0)).map((quota) =>
        quota.policy === 'month'
          ? { ...quota, windowS: 30 * 86_400, resetMs: Date.parse('2026-12-01') - WALL }
          : quota,
      ),
    )
  })

  test('remembers nothing of what is not limited but the month', () => {
    const { account } = granted(EMPTY_ACCOUNT, 100, FREE)
    expect(account).toMatchObject({ requests: [], pixels: [], month: { pixels: 100 } })
  })
})

describe('a request that asks for more than there ever is', () => {
  test.each<[Partial<Bounds>, number]>([
    [{ pixelsPerMinute: 99 }, 100],
    [{ pixelsPerMonth: 99 }, 100],
    [{ requestsPerMinute: 0 }, 1],
    [{ concurrency: 0 }, 1],
  ])('is told never to come back: %j', (tight, pixels) => {
    expect(refused(EMPTY_ACCOUNT, pixels, { ...FREE, ...tight })).toMatchObject([
      { waitMs: Number.POSITIVE_INFINITY },
    ])
  })
})

test('what never fits is said before what does not fit now', () => {
  const bounds = { ...FREE, requestsPerMinute: 1, pixelsPerMinute: 50 }
  const { account } = granted(EMPTY_ACCOUNT, 10, bounds)
  expect(refused(account, 51, bounds)).toEqual([{ policy: 'megapixels', waitMs: Number.POSITIVE_INFINITY }])
})

describe('a place', () => {
  const ONE = { ...FREE, concurrency: 1 }

  test('is free when its request is over, and once only', () => {
    const { account, charge } = granted(EMPTY_ACCOUNT, 1, ONE)
    const next = granted(finish(account, charge), 1, ONE)
    expect(finish(next.account, charge).places).toHaveLength(1)
  })

  test('comes back by itself when nobody says that its request is over', () => {
    const { account } = granted(EMPTY_ACCOUNT, 1, ONE)
    refused(account, 1, ONE, PLACE_TTL_MS - 1)
    granted(account, 1, ONE, PLACE_TTL_MS)
  })
})

describe('a month', () => {
  const ONE_DECODE = { ...FREE, pixelsPerMonth: 100 }
  const untilDecember = Date.parse('2026-12-01T00:00:00Z') - WALL

  test('lasts to its last millisecond, UTC', () => {
    const { account } = granted(EMPTY_ACCOUNT, 100, ONE_DECODE)
    expect(refused(account, 1, ONE_DECODE, untilDecember - 1)).toEqual([{ policy: 'month', waitMs: 1 }])
    granted(account, 100, ONE_DECODE, untilDecember)
  })

  test('P9: is not used twice when the clock is set back into it', () => {
    const first = granted(EMPTY_ACCOUNT, 100, ONE_DECODE)
    const december = granted(first.account, 100, ONE_DECODE, untilDecember)
    expect(refused(december.account, 1, ONE_DECODE, untilDecember - 1_000)).toMatchObject([
      { policy: 'month' },
    ])
  })

  test('takes nothing back of the one before', () => {
    const first = granted(EMPTY_ACCOUNT, 100, ONE_DECODE)
    const december = granted(first.account, 40, ONE_DECODE, untilDecember)
    expect(refund(december.account, first.charge).month.pixels).toBe(40)
  })
})
