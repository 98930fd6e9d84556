/** A short look with a fixed seed; `npm run fuzz -- --seconds 600` looks longer, elsewhere each time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../support/seeded.ts'
import { holds, target } from './target.ts'
import { targets } from './targets.ts'

describe('T24: never throws, and', () => {
  test.each(targets)('$name', async ({ property }) => {
    await fc.assert(property, {
      ...seeded,
      numRuns: 1_500,
      interruptAfterTimeLimit: 30_000,
      markInterruptAsFailure: true,
    })
  })
})

test('a promise that does not hold is noticed', async () => {
  const { property } = target('numbers are small', fc.nat(), (number) => holds(number < 1_000, 'it is small'))
  expect((await fc.check(property, { ...seeded, numRuns: 1_500 })).failed).toBe(true)
})
