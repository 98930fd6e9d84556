import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import type { Failure, FailureReason } from './failure.ts'
import {
  excludedBackends,
  MAX_ATTEMPTS,
  MAX_ATTEMPTS_DEGRADED,
  mayRetry,
  maySecondRound,
  secondRoundDelayMs,
} from './retry-policy.ts'

const AMPLE = 60_000
const REASONS: FailureReason[] = [
  'unreachable',
  'crashed',
  'timed-out',
  'broke-off',
  'invalid',
  'server-error',
  'misconfigured',
  'cold',
  'busy',
  'out-of-memory',
  'too-large',
  'rejected',
]

/** Failures of backends a, b, c, in this order. */
const failedWith = (...reasons: FailureReason[]): Failure[] =>
  reasons.map((reason, i) => ({ reason, backendId: 'abc'.charAt(i) }))

const histories = fc.array(
  fc.record({ reason: fc.constantFrom(...REASONS), backendId: fc.constantFrom('a', 'b', 'c') }),
  { maxLength: 5 },
)

describe('another attempt', () => {
  test.each(REASONS)('is made after a first failure, %s', (reason) => {
    expect(mayRetry(failedWith(reason), AMPLE)).toBe(true)
  })

  test('T20: is not made after three', () => {
    expect(mayRetry(failedWith('crashed', 'misconfigured'), AMPLE)).toBe(true)
    expect(mayRetry(failedWith('crashed', 'misconfigured', 'invalid'), AMPLE)).toBe(false)
  })

  test('P6: is made once without the pool’s object', () => {
    expect(mayRetry(failedWith('crashed'), AMPLE, MAX_ATTEMPTS_DEGRADED)).toBe(true)
    expect(mayRetry(failedWith('crashed', 'invalid'), AMPLE, MAX_ATTEMPTS_DEGRADED)).toBe(false)
  })

  test('B1, B18, B19: is not counted where a backend only asked for time or is out of reach, 20 times at most', () => {
    const free = ['cold', 'busy', 'unreachable'] as const
    const tried = (times: number): Failure[] =>
      Array.from({ length: times }, (_, i) => ({ reason: free[i % 3] ?? 'cold', backendId: `gpu-${i}` }))
    expect(mayRetry([...failedWith('crashed', 'invalid'), ...tried(19)], AMPLE)).toBe(true)
    expect(mayRetry(tried(20), AMPLE)).toBe(false)
  })

  test.each<[string, FailureReason, FailureReason]>([
    ['B12', 'out-of-memory', 'out-of-memory'],
    ['B13', 'rejected', 'rejected'],
    ['B15', 'too-large', 'out-of-memory'],
    ['B33', 'rejected', 'too-large'],
  ])('%s: is not made when two backends find the request at fault: %s, %s', (_, first, second) => {
    expect(mayRetry(failedWith(first, second), AMPLE)).toBe(false)
  })

  test('B13: is made when the second failure is one of its backend', () => {
    expect(mayRetry(failedWith('rejected', 'unreachable'), AMPLE)).toBe(true)
  })

  test('B5: is not made with less than a quarter of a second left', () => {
    expect(mayRetry(failedWith('unreachable'), 250)).toBe(true)
    expect(mayRetry(failedWith('unreachable'), 249)).toBe(false)
    expect(mayRetry(failedWith('timed-out'), -1)).toBe(false)
  })
})

describe('a second round', () => {
  test.each(
    REASONS.map(
      (reason) =>
        [
          reason,
          ['unreachable', 'crashed', 'broke-off', 'server-error', 'busy', 'cold'].includes(reason),
        ] as const,
    ),
  )('after %s: %s', (reason, may) => {
    expect(maySecondRound('exhausted', failedWith(reason), AMPLE)).toBe(may)
  })

  test('is worth it when one of the failures passes', () => {
    expect(maySecondRound('exhausted', failedWith('unreachable', 'invalid'), AMPLE)).toBe(true)
    expect(maySecondRound('exhausted', failedWith('misconfigured', 'broke-off'), AMPLE)).toBe(true)
  })

  test.each([
    ['exhausted', true],
    ['down', true],
    ['cold', true],
    ['too-large', true],
    ['no-backend', false],
    ['repeated', false],
    ['over-share', false],
    ['queue-full', false],
    ['deadline', false],
    ['budget', false],
    ['cancelled', false],
    ['unreachable', false],
  ] as const)('is made where the pool has none left, not where it is short: %s: %s', (refusal, may) => {
    expect(maySecondRound(refusal, failedWith('unreachable'), AMPLE)).toBe(may)
  })

  test('is only for requests that may be tried again at all', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: -10, max: 500 }), (failures, remainingMs) => {
        if (maySecondRound('exhausted', failures, remainingMs))
          expect(mayRetry(failures, remainingMs)).toBe(true)
      }),
      seeded,
    )
  })

  const asksFor = (retryAfterMs: number): Failure[] => [{ reason: 'busy', backendId: 'a', retryAfterMs }]

  test('B19: is worth it while a backend asks for five seconds at most', () => {
    expect(maySecondRound('exhausted', asksFor(5_000), AMPLE)).toBe(true)
    expect(maySecondRound('exhausted', asksFor(5_001), AMPLE)).toBe(false)
  })

  test('B19: is not waited for past the deadline', () => {
    expect(maySecondRound('exhausted', asksFor(4_000), 4_500)).toBe(true)
    expect(maySecondRound('exhausted', asksFor(4_000), 4_499)).toBe(false)
  })

  test('begins after 25 to 250 ms, so that gateways do not come back together', () => {
    const delays = [0, 0.5, 1].map((random) => secondRoundDelayMs(failedWith('unreachable'), random))
    expect(delays).toEqual([25, 137.5, 250])
  })

  test('B19: begins when the last backend that asked for time wants it, five seconds later at most', () => {
    expect(secondRoundDelayMs(asksFor(3_000), 0)).toBe(3_025)
    expect(secondRoundDelayMs(asksFor(60_000), 0)).toBe(5_025)
    const later = [...asksFor(3_000), ...failedWith('server-error')]
    expect(secondRoundDelayMs(later, 0)).toBe(25)
  })
})

describe('excluded backends', () => {
  test('are those that failed, in the first round', () => {
    expect(excludedBackends(failedWith('unreachable', 'invalid'), 1)).toEqual(['a', 'b'])
  })

  test('are not those that asked for time: the pool knows when to go back', () => {
    expect(excludedBackends(failedWith('cold', 'busy', 'rejected'), 1)).toEqual(['c'])
  })

  test('B18, B19: are those that asked for time twice, as it may be this request that they refuse', () => {
    const asked = (...reasons: FailureReason[]): Failure[] =>
      reasons.map((reason) => ({ reason, backendId: 'a' }))
    expect(excludedBackends(asked('busy'), 1)).toEqual([])
    expect(excludedBackends(asked('busy', 'busy'), 1)).toEqual(['a'])
    expect(excludedBackends(asked('cold', 'busy'), 1)).toEqual(['a'])
    expect(excludedBackends(asked('busy', 'busy'), 2)).toEqual([])
    expect(excludedBackends(asked('cold', 'cold'), 1)).toEqual(['a'])
    expect(excludedBackends(asked('cold', 'cold'), 2)).toEqual([])
  })

  test('are in the second round only those whose failure does not pass', () => {
    const failures = failedWith('unreachable', 'broke-off', 'server-error')
    expect(excludedBackends(failures, 2)).toEqual([])
    expect(excludedBackends(failedWith('timed-out', 'invalid', 'misconfigured'), 2)).toEqual(['a', 'b', 'c'])
    expect(excludedBackends(failedWith('out-of-memory', 'too-large', 'rejected'), 2)).toEqual(['a', 'b', 'c'])
  })

  test('stay excluded when they failed twice, in passing and for good', () => {
    const failures: Failure[] = [
      { reason: 'rejected', backendId: 'a' },
      { reason: 'unreachable', backendId: 'a' },
    ]
    expect(excludedBackends(failures, 2)).toEqual(['a'])
  })

  test('are named once each and never more than were tried', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(1 as const, 2 as const), (failures, round) => {
        const excluded = excludedBackends(failures, round)
        expect(new Set(excluded).size).toBe(excluded.length)
        expect(excluded.every((id) => failures.some(({ backendId }) => backendId === id))).toBe(true)
      }),
      seeded,
    )
  })

  test('leave at most three attempts', () => {
    expect(MAX_ATTEMPTS).toBe(3)
  })
})
