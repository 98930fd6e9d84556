import { describe, expect, test } from 'vitest'
import { ConnectionError, errorOfStatus } from '../errors.ts'
import { parseRetryAfter, retryDelay, retryPolicy } from './retry.ts'

const POLICY = retryPolicy(undefined)
const answered = (status: number, retryAfterMs?: number, code = 'any') =>
  errorOfStatus({ status, code, message: '', retryAfterMs })

describe('a request is sent again', () => {
  test.each([429, 503])('after %d when its Retry-After is over, and not all at once', (status) => {
    expect(retryDelay(answered(status, 4_000), 1, POLICY, 0)).toBe(4_000)
    expect(retryDelay(answered(status, 4_000), 1, POLICY, 0.999)).toBeCloseTo(5_000, -1)
    expect(retryDelay(answered(status, 0), 1, POLICY, 0.5)).toBe(125)
  })

  test('after pauses that double where nobody says when', () => {
    const lost = new ConnectionError({ message: '', code: 'unreachable' })
    expect([1, 2, 3, 4].map((attempt) => retryDelay(lost, attempt, POLICY, 0.999))).toEqual(
      [500, 1_000, 2_000, 4_000].map((ms) => expect.closeTo(ms, -1)),
    )
    expect(retryDelay(lost, 1, POLICY, 0)).toBe(250)
    expect(retryDelay(lost, 4, { attempts: 9, maxDelayMs: 600 }, 0.999)).toBeLessThan(600)
  })

  test.each([400, 401, 403, 404, 413, 422, 500, 502, 504])('not after %d', (status) => {
    expect(retryDelay(answered(status, 0), 1, POLICY, 0)).toBeUndefined()
  })

  test('after 502 where it was the backends that were tried, and not where it is the request or their operator', () => {
    const isRetried = (code: string): boolean =>
      retryDelay(answered(502, undefined, code), 1, POLICY, 0) !== undefined
    expect(['upstream-unreachable', 'upstream-error', 'upstream-invalid-response'].every(isRetried)).toBe(
      true,
    )
    expect(['upstream-misconfigured', 'request-failed-repeatedly'].some(isRetried)).toBe(false)
  })

  test('not when the wait is longer than it is worth', () => {
    expect(retryDelay(answered(429, 30_001), 1, POLICY, 0)).toBeUndefined()
    expect(retryDelay(answered(429, 30_000), 1, POLICY, 0)).toBe(30_000)
  })

  test('not beyond its tries', () => {
    expect(retryDelay(answered(503, 0), 4, POLICY, 0)).toBe(0)
    expect(retryDelay(answered(503, 0), 5, POLICY, 0)).toBeUndefined()
    expect(retryDelay(answered(503, 0), 1, retryPolicy(false), 0)).toBeUndefined()
    expect(retryDelay(answered(503, 0), 1, retryPolicy({ attempts: 1 }), 0)).toBeUndefined()
  })
})

test.each([
  ['7', 7_000],
  [' 0 ', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['soon', undefined],
  [null, undefined],
])('Retry-After: %s is %s ms', (text, ms) => {
  expect(parseRetryAfter(text, 10_000)).toBe(ms)
})
