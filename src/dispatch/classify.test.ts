import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { classifyStatus, parseRetryAfter } from './classify.ts'

const NOTHING = ''

describe('classifyStatus', () => {
  test.each([
    ['B20', 300, 'misconfigured'],
    ['B20', 301, 'misconfigured'],
    ['B20', 302, 'misconfigured'],
    ['B20', 304, 'misconfigured'],
    ['B20', 307, 'misconfigured'],
    ['B20', 399, 'misconfigured'],
    ['B11', 201, 'invalid'],
    ['B11', 202, 'invalid'],
    ['B11', 204, 'invalid'],
    ['B11', 206, 'invalid'],
    ['B11', 299, 'invalid'],
    // 200 comes here when it has no body.
    ['B11', 200, 'invalid'],
    ['B14', 401, 'misconfigured'],
    ['B14', 402, 'misconfigured'],
    ['B14', 403, 'misconfigured'],
    ['B14', 404, 'misconfigured'],
    ['B14', 405, 'misconfigured'],
    ['B14', 410, 'misconfigured'],
    ['B13', 400, 'rejected'],
    ['B13', 406, 'rejected'],
    ['B13', 415, 'rejected'],
    ['B13', 422, 'rejected'],
    ['B15', 413, 'too-large'],
    ['B19', 429, 'busy'],
    ['B16', 500, 'server-error'],
    ['B16', 501, 'server-error'],
    ['B17', 502, 'server-error'],
    ['B17', 504, 'server-error'],
    ['B17', 520, 'server-error'],
    ['B17', 599, 'server-error'],
    ['B1', 521, 'unreachable'],
    ['B4', 522, 'unreachable'],
    ['B1', 523, 'unreachable'],
    ['B4', 524, 'unreachable'],
    ['B3', 525, 'unreachable'],
    ['B3', 526, 'unreachable'],
    ['B2', 530, 'unreachable'],
    ['B28', 103, 'misconfigured'],
  ])('%s: takes %i for %s', (_, status, reason) => {
    expect(classifyStatus(status, NOTHING, false)).toBe(reason)
  })

  test('B18: takes 503 for starting where a backend may be asleep, and for busy where it may not', () => {
    expect(classifyStatus(503, "{'error': '503 Service Unavailable'}", true)).toBe('cold')
    expect(classifyStatus(503, NOTHING, false)).toBe('busy')
    expect(classifyStatus(429, NOTHING, true)).toBe('busy')
  })

  test.each([
    '{"error":"CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 14.58 GiB"}',
    '{"error":"HIP out of memory. Tried to allocate 20.00 MiB"}',
    '{"error":"CUDA error: out of memory\\nCUDA kernel errors might be asynchronously reported"}',
    '{"error":"CUDA error: an illegal memory access was encountered"}',
    'torch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory.',
    'torch.cuda.OutOfMemoryError',
    'cudaErrorMemoryAllocation',
    '{"code":"out-of-memory"}',
  ])('B12: knows the text of a GPU that is full, whatever status it comes with: %s', (head) => {
    for (const status of [400, 422, 500, 503, 413]) {
      expect(classifyStatus(status, head, true)).toBe('out-of-memory')
    }
  })

  test('B15: knows our own backend’s refusal of a size', () => {
    expect(classifyStatus(422, '{"type":"/problems/decode-too-large"}', false)).toBe('too-large')
  })

  test.each([
    '{"error":"Expected `shape` in query params."}',
    '{"error":"Can only serialize torch.Tensor, got <PIL.Image.Image>"}',
    '{"error":"shape \'[1, 4, 64, 64]\' is invalid for input of size 3"}',
    'memory',
  ])('B13: takes other errors of the toolkit for a refusal: %s', (head) => {
    expect(classifyStatus(400, head, false)).toBe('rejected')
  })

  test('does not let a redirect or a success be excused by its text', () => {
    expect(classifyStatus(302, 'CUDA out of memory', false)).toBe('misconfigured')
    expect(classifyStatus(206, 'CUDA out of memory', false)).toBe('invalid')
  })

  test('has a word for every status and every text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        fc.string(),
        fc.boolean(),
        (status, head, scaleToZero) => {
          expect(classifyStatus(status, head, scaleToZero)).toMatch(/^[a-z-]+$/)
        },
      ),
      seeded,
    )
  })
})

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-24T12:00:00Z')

  test.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['999999999', 999_999_999_000],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 0],
  ])('B19: reads "%s" as %i ms', (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms)
  })

  test.each([
    null,
    '',
    ' ',
    'soon',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    '9999999999',
    'NaN',
    'Infinity',
    'Tue, 24 Nov 2026 11:59:59 GMT',
  ])('B19: makes nothing of %j', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined()
  })
})
