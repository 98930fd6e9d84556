import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { unauthorized } from '../errors/problem.ts'
import type { PolicyName, Quota } from './protocol.ts'
import { refusalProblem, retryAfterSeconds } from './refusal.ts'

const quotas: Quota[] = (['requests', 'megapixels', 'concurrency', 'month'] as const).map((policy) => ({
  policy,
  limit: 7,
  windowS: 60,
  remaining: 0,
  resetMs: 1_000,
}))
const refuse = (policies: PolicyName[], retryAfterMs = 2_000) =>
  refusalProblem({ ok: false, v: 1, why: 'limit', policies, quotas, retryAfterMs }, 0)

describe('a refusal', () => {
  test.each<[PolicyName[], string, string]>([
    [['requests'], 'too-many-requests', 'This key may ask for 7 requests a minute.'],
    [['megapixels'], 'too-many-megapixels', 'This key may ask for 7 megapixels a minute.'],
    [['concurrency'], 'too-many-at-once', 'This key may ask for 7 requests at a time.'],
    [['month'], 'month-used-up', 'This key may ask for 7 megapixels a month.'],
    [['requests', 'concurrency'], 'too-many-requests', 'This key may ask for 7 requests a minute.'],
    [['requests', 'month'], 'month-used-up', 'This key may ask for 7 megapixels a month.'],
  ])('for %j is %s', (policies, code, detail) => {
    expect(refuse(policies)).toMatchObject({
      code,
      detail,
      violatedPolicies: policies,
      retryAfterSeconds: 2,
      headers: { ratelimit: expect.stringContaining('"requests";r=0') },
    })
  })

  test('of what never fits names no time to come back', () => {
    const problem = refuse(['megapixels'], Number.POSITIVE_INFINITY)
    expect(problem).toMatchObject({ code: 'exceeds-plan' })
    expect(problem).not.toHaveProperty('retryAfterSeconds')
  })

  test('C31: of a revoked key is that of a key that never was', () => {
    expect(refusalProblem({ ok: false, v: 1, why: 'revoked' }, 0)).toEqual(unauthorized())
  })
})

test('C35: nobody is told to come back before there is room, nor all at the same moment', () => {
  const ms = fc.integer({ min: 0, max: 100_000_000 })
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(ms, chance, (ms, chance) => {
      const seconds = retryAfterSeconds(ms, chance)
      expect(Number.isInteger(seconds)).toBe(true)
      expect(seconds).toBeGreaterThanOrEqual(Math.max(1, ms / 1_000))
      expect(seconds).toBeLessThanOrEqual(Math.max(1, Math.ceil(ms / 1_000)) + 5)
    }),
    seeded,
  )
  expect(new Set(Array.from({ length: 100 }, (_, i) => retryAfterSeconds(40_000, i / 100))).size).toBe(5)
})
