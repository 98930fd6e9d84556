import { describe, expect, test } from 'vitest'
import { problemKind } from '../errors/codes.ts'
import type { RejectReason } from '../pool/events.ts'
import { concludeFailures, concludeRefusal } from './conclude.ts'
import { type Failure, type FailureReason, PROBLEM_OF } from './failure.ts'

const failed = (reason: FailureReason, retryAfterMs?: number): Failure => ({
  reason,
  backendId: 'secret-name',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})
const REASONS = Object.keys(PROBLEM_OF) as FailureReason[]
const REFUSALS: (RejectReason | 'unreachable')[] = [
  'no-backend',
  'exhausted',
  'queue-full',
  'deadline',
  'cancelled',
  'unreachable',
  'down',
  'cold',
  'too-large',
  'repeated',
  'over-share',
  'budget',
]

describe('after failures', () => {
  test.each(REASONS)('%s is told with its code, a sentence and no name of a backend', (reason) => {
    const { code, detail } = concludeFailures([failed(reason)])
    expect(code).toBe(PROBLEM_OF[reason])
    expect(detail).toMatch(/^[A-Z].+ \(1 attempt\)\.$/)
    expect(detail).not.toContain('secret-name')
  })

  test.each<[FailureReason, number | undefined]>([
    ['unreachable', 1],
    ['timed-out', 1],
    ['broke-off', 1],
    ['server-error', 1],
    ['cold', 5],
    ['busy', 1],
    ['invalid', undefined],
    ['misconfigured', undefined],
    ['out-of-memory', undefined],
    ['too-large', undefined],
    ['rejected', undefined],
  ])('%s: come back after %s s', (reason, seconds) => {
    expect(concludeFailures([failed(reason)]).retryAfterSeconds).toBe(seconds)
  })

  test('B18: a cold start passes on when its backend will be there, in whole seconds', () => {
    expect(concludeFailures([failed('cold', 30_001)]).retryAfterSeconds).toBe(31)
    expect(concludeFailures([failed('busy', 0)]).retryAfterSeconds).toBe(1)
    expect(concludeFailures([failed('busy', 86_400_000)]).retryAfterSeconds).toBe(300)
  })

  test('a hint that belongs to another failure is not passed on', () => {
    expect(concludeFailures([failed('server-error', 30_000)]).retryAfterSeconds).toBe(1)
  })

  test('the last failure decides, and all attempts are counted', () => {
    const problem = concludeFailures([failed('unreachable'), failed('busy'), failed('rejected')])
    expect(problem.code).toBe('rejected-by-backend')
    expect(problem.detail).toContain('(3 attempts)')
  })

  test('no failure at all is a fault of ours', () => {
    expect(concludeFailures([]).code).toBe('internal-error')
  })
})

describe('after a refusal of the pool', () => {
  const refuse = (reason: (typeof REFUSALS)[number], failures: Failure[] = [], retryAfterMs = 2_500) =>
    concludeRefusal({ reason, retryAfterMs }, failures)

  test.each([
    ['no-backend', 'no-backend', undefined],
    ['queue-full', 'no-capacity', 3],
    ['deadline', 'no-capacity', 3],
    ['exhausted', 'no-capacity', 3],
    ['budget', 'no-capacity', 3],
    ['down', 'no-backend', 3],
    ['cold', 'cold-start', 3],
    ['too-large', 'decode-too-large', undefined],
    ['repeated', 'request-failed-repeatedly', undefined],
    ['over-share', 'quota-exceeded', 3],
    ['unreachable', 'pool-unavailable', 1],
    ['cancelled', 'client-closed-request', undefined],
  ] as const)('%s is told as %s', (reason, code, seconds) => {
    const problem = refuse(reason)
    expect([problem.code, problem.retryAfterSeconds]).toEqual([code, seconds])
    expect(problem.detail).toMatch(/^[A-Z].+\.$/)
  })

  test('B35: a pool that is down is told as such within its status, with a hint', () => {
    expect(problemKind(refuse('down').code).status).toBe(503)
  })

  test('C34: a key that takes more than its share is told so, and nobody else is', () => {
    expect(problemKind(refuse('over-share').code).status).toBe(429)
    for (const reason of REFUSALS) {
      if (reason !== 'over-share') expect(problemKind(refuse(reason).code).status).not.toBe(429)
    }
  })

  test('B12: nothing is too large that failed in passing on the backend that could have decoded it', () => {
    expect(refuse('too-large', [failed('out-of-memory')]).code).toBe('decode-too-large')
    expect(refuse('too-large', [failed('broke-off')]).code).toBe('upstream-unreachable')
    expect(refuse('too-large', [failed('broke-off'), failed('out-of-memory')]).code).toBe('decode-too-large')
  })

  test('B18: a cold start after a failure is told with the time that it takes', () => {
    const problem = refuse('cold', [failed('rejected')], 90_000)
    expect([problem.code, problem.retryAfterSeconds]).toEqual(['cold-start', 90])
  })

  test.each(['exhausted', 'deadline', 'budget', 'down'] as const)(
    '%s after a failure is told as that failure',
    (reason) => {
      expect(refuse(reason, [failed('server-error')]).code).toBe('upstream-error')
    },
  )

  test.each([
    'no-backend',
    'queue-full',
    'unreachable',
    'cancelled',
    'repeated',
    'over-share',
    'cold',
  ] as const)('%s is told as it is, whatever failed before', (reason) => {
    expect(refuse(reason, [failed('server-error')])).toEqual(refuse(reason))
  })

  test('C35: is never an invitation to come back at once', () => {
    expect(refuse('queue-full', [], 0).retryAfterSeconds).toBe(1)
  })

  test('every refusal and every failure ends in a problem with a valid status', () => {
    for (const reason of REFUSALS) {
      for (const failures of [[], ...REASONS.map((reason) => [failed(reason)])]) {
        const { code, retryAfterSeconds } = refuse(reason, failures)
        expect(problemKind(code).status).toBeGreaterThanOrEqual(400)
        expect(
          retryAfterSeconds === undefined || (Number.isInteger(retryAfterSeconds) && retryAfterSeconds > 0),
        ).toBe(true)
      }
    }
  })
})
