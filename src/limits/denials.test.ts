import { describe, expect, test } from 'vitest'
import { Denials } from './denials.ts'
import type { PolicyName, Refusal } from './protocol.ts'

const limit = (policies: PolicyName[], retryAfterMs: number): Refusal => ({
  ok: false,
  v: 1,
  why: 'limit',
  policies,
  quotas: [{ policy: 'requests', limit: 5, windowS: 60, remaining: 0, resetMs: 4_000 }],
  retryAfterMs,
})
const asked = (megapixels: number, model = 'sdxl') => ({ model, megapixels })

/** What is found of a refusal that was added at 1,000 for a decode of one megapixel of sdxl. */
const found = (refusal: Refusal, what: { model: string; megapixels: number }, ms: number) => {
  const denials = new Denials()
  denials.add('key', asked(1), refusal, 1_000)
  return denials.find('key', what, 1_000 + ms)
}

describe('a refusal', () => {
  test('is remembered until it ends, with what is left of its times', () => {
    expect(found(limit(['requests'], 5_000), asked(1), 3_500)).toMatchObject({
      retryAfterMs: 1_500,
      quotas: [{ resetMs: 500 }],
    })
    expect(found(limit(['requests'], 5_000), asked(1), 5_000)).toBeUndefined()
  })

  test('for too many requests is one for requests of any size', () => {
    expect(found(limit(['requests'], 5_000), asked(0.1), 1)).toBeDefined()
  })

  test.each<[PolicyName[]]>([[['megapixels']], [['month']], [['requests', 'megapixels']]])(
    'for %j is none for a decode that is smaller',
    (policies) => {
      expect(found(limit(policies, 5_000), asked(0.9), 1)).toBeUndefined()
      expect(found(limit(policies, 5_000), asked(1.1), 1)).toBeDefined()
    },
  )

  test('for want of a place is not remembered, since one may be free at any moment', () => {
    expect(found(limit(['concurrency'], 1_000), asked(1), 1)).toBeUndefined()
    expect(found(limit(['requests', 'concurrency'], 1_000), asked(1), 1)).toBeUndefined()
  })

  test('that lasts long is asked about again every minute', () => {
    const month = limit(['month'], 86_400_000)
    expect(found(month, asked(1), 59_999)).toMatchObject({ retryAfterMs: 86_400_000 - 59_999 })
    expect(found(month, asked(1), 60_000)).toBeUndefined()
    expect(found(limit(['megapixels'], Number.POSITIVE_INFINITY), asked(1), 59_999)).toMatchObject({
      retryAfterMs: Number.POSITIVE_INFINITY,
    })
  })

  test('is told to one that is larger than the limit itself as one that never ends', () => {
    const refusal = {
      ...limit(['megapixels'], 5_000),
      quotas: [{ policy: 'megapixels', limit: 2, windowS: 60, remaining: 0, resetMs: 4_000 }],
    } as Refusal
    expect(found(refusal, asked(2), 1)).toMatchObject({ retryAfterMs: 4_999 })
    expect(found(refusal, asked(2.1), 1)).toMatchObject({ retryAfterMs: Number.POSITIVE_INFINITY })
  })

  test('P17: of a revoked key is remembered for a minute, should its object be gone by then', () => {
    expect(found({ ok: false, v: 1, why: 'revoked' }, asked(0.1, 'flux'), 59_999)).toMatchObject({
      why: 'revoked',
    })
  })

  test('of a model is one for no other', () => {
    const refusal: Refusal = { ok: false, v: 1, why: 'model' }
    expect(found(refusal, asked(5), 1)).toEqual(refusal)
    expect(found(refusal, asked(5, 'flux'), 1)).toBeUndefined()
  })

  test('of one key is none for another', () => {
    const denials = new Denials()
    denials.add('key', asked(1), limit(['requests'], 5_000), 0)
    expect(denials.find('other', asked(1), 1)).toBeUndefined()
  })
})
