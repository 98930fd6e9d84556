import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../../test/support/seeded.ts'
import { halvesOf, MAX_PARTS, partCount, sharesOf } from './plan.ts'

describe('the number of parts', () => {
  test.each([
    ['one where nothing else is idle', 8, 400, 0, 1],
    ['one for each idle backend and the one that was granted', 8, 400, 3, 4],
    ['no more than there are latents', 2, 400, 5, 2],
    ['no more than a Worker waits for at a time', 100, 4_000, 50, MAX_PARTS],
    ['one where all of it takes no time', 8, 15, 3, 1],
  ])('is %s', (_, count, expectedMs, idle, parts) => {
    expect(partCount(count, expectedMs, idle)).toBe(parts)
  })
})

describe('shares', () => {
  const even = { startsInMs: 0, latentMs: 100 }

  test.each([
    ['are even between equals', 8, [even, even, even, even], [2, 2, 2, 2]],
    ['leave the rest to the first', 5, [even, even], [3, 2]],
    ['are as large as backends are quick', 6, [{ ...even, latentMs: 50 }, even], [4, 2]],
    ['are smaller where a backend begins later', 4, [{ ...even, startsInMs: 200 }, even], [1, 3]],
    [
      'are none for one that would be done last with a single latent',
      2,
      [even, { ...even, latentMs: 900 }],
      [2, 0],
    ],
  ])('%s', (_, count, offers, shares) => {
    expect(sharesOf(count, offers)).toEqual(shares)
  })

  test('come to all latents, and no other shares are done sooner', () => {
    const offer = fc.record({ startsInMs: fc.nat(300), latentMs: fc.integer({ min: 1, max: 500 }) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(offer, { minLength: 1, maxLength: 3 }),
        (count, offers) => {
          const endOf = (shares: readonly number[]): number =>
            Math.max(
              ...offers.map(({ startsInMs, latentMs }, i) =>
                shares[i] ? startsInMs + latentMs * (shares[i] as number) : 0,
              ),
            )
          const shares = sharesOf(count, offers)
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count)
          for (const other of allShares(count, offers.length)) {
            expect(endOf(shares)).toBeLessThanOrEqual(endOf(other))
          }
        },
      ),
      seeded,
    )
  })
})

test('halves come to the whole', () => {
  expect([2, 3, 9].map(halvesOf)).toEqual([
    [1, 1],
    [2, 1],
    [5, 4],
  ])
})

/** Every way to hand so many latents to so many backends. */
function allShares(count: number, backends: number): number[][] {
  if (backends === 1) return [[count]]
  return Array.from({ length: count + 1 }, (_, own) =>
    allShares(count - own, backends - 1).map((others) => [own, ...others]),
  ).flat()
}
