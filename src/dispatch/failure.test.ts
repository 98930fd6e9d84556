import { describe, expect, test } from 'vitest'
import { problemKind } from '../errors/codes.ts'
import type { Evidence } from '../pool/events.ts'
import {
  blamedBackends,
  evidenceOf,
  type Failure,
  type FailureReason,
  isTransparent,
  PROBLEM_OF,
  SIGNATURE_OF,
  wastesDecode,
  whyBroken,
} from './failure.ts'

const JOB = { key: 'key-1', model: 'sdxl', predictedMs: 700 }
const REASONS = Object.keys(PROBLEM_OF) as FailureReason[]

const failure = (reason: Failure['reason'], retryAfterMs?: number): Failure => ({
  reason,
  backendId: 'a',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

describe('evidenceOf', () => {
  test.each<[string, Failure, Evidence | null]>([
    ['B1: out of reach is what nobody’s latent does', failure('unreachable'), { kind: 'unreachable' }],
    ['B26: a reset after work is hard evidence', failure('crashed'), { kind: 'hard', model: 'sdxl' }],
    ['B5: a hang is soft', failure('timed-out'), { kind: 'soft', model: 'sdxl', isTimeout: true }],
    ['B7: a body that ends early is soft', failure('broke-off'), { kind: 'soft', model: 'sdxl' }],
    ['B10: a wrong answer is soft', failure('invalid'), { kind: 'soft', model: 'sdxl' }],
    ['B16: an error is soft', failure('server-error'), { kind: 'soft', model: 'sdxl' }],
    [
      'B14: a refusal of the gateway is for the operator',
      failure('misconfigured'),
      { kind: 'misconfigured', model: 'sdxl' },
    ],
    ['B18: a cold start is none against it', failure('cold', 30_000), { kind: 'cold' }],
    [
      'B19: too many requests ask for time',
      failure('busy'),
      { kind: 'busy', model: 'sdxl', retryAfterMs: 1_000 },
    ],
    [
      'B19: no time at all is taken at its word',
      failure('busy', 0),
      { kind: 'busy', model: 'sdxl', retryAfterMs: 0 },
    ],
    [
      'B19: too many requests may say for how long',
      failure('busy', 30_000),
      { kind: 'busy', model: 'sdxl', retryAfterMs: 30_000 },
    ],
    [
      'B12: a full GPU is a ceiling',
      failure('out-of-memory'),
      { kind: 'out-of-memory', model: 'sdxl', predictedMs: 700 },
    ],
    [
      'B15: so is a decode that is too large',
      failure('too-large'),
      { kind: 'out-of-memory', model: 'sdxl', predictedMs: 700 },
    ],
    ['B13: a refusal may be the request’s fault', failure('rejected'), null],
  ])('%s', (_, failure, evidence) => {
    expect(evidenceOf(failure, JOB)).toEqual(evidence)
  })
})

test('B33: a backend is to blame once another serves what it failed, but not for what it said of itself', () => {
  const blamed = REASONS.filter((reason) => blamedBackends([failure(reason)], 'b').length > 0)
  expect(blamed).toEqual([
    'crashed',
    'timed-out',
    'broke-off',
    'invalid',
    'server-error',
    'misconfigured',
    'rejected',
  ])
})

test('B33: a backend that served a request in the end is not to blame, and another only once', () => {
  const failures: Failure[] = [
    { reason: 'server-error', backendId: 'a' },
    { reason: 'broke-off', backendId: 'b' },
    { reason: 'crashed', backendId: 'a' },
  ]
  expect(blamedBackends(failures, 'b')).toEqual(['a'])
  expect(blamedBackends(failures, 'c')).toEqual(['a', 'b'])
  expect(blamedBackends([], 'a')).toEqual([])
})

test('B33: what accuses a backend names the task, as it may serve others well', () => {
  const accusing = REASONS.flatMap((reason) => evidenceOf(failure(reason), JOB) ?? []).filter(
    ({ kind }) => kind !== 'unreachable' && kind !== 'cold',
  )
  expect(accusing.every((evidence) => 'model' in evidence && evidence.model === 'sdxl')).toBe(true)
})

test('B18, B19: only backends that ask for time are as if they had not been asked', () => {
  expect(REASONS.filter((reason) => isTransparent(failure(reason)))).toEqual(['cold', 'busy'])
})

test('T20: a decode may be lost where something was sent that a GPU may have worked on', () => {
  expect(REASONS.filter((reason) => wastesDecode(failure(reason)))).toEqual([
    'crashed',
    'timed-out',
    'broke-off',
    'invalid',
    'server-error',
    'out-of-memory',
    'rejected',
  ])
})

test('B33: failures that a request can cause are told apart, and from all others', () => {
  const telling = ['server-error', 'broke-off', 'invalid', 'rejected'] as const
  const signatures = telling.map((reason) => SIGNATURE_OF[reason])
  expect(signatures).toEqual(['error', 'truncated', 'invalid', 'rejected'])
  for (const reason of REASONS) {
    const isTelling = telling.some((other) => other === reason)
    expect(signatures.includes(SIGNATURE_OF[reason])).toBe(isTelling)
  }
})

test('a client hears 4xx only where its request may be at fault', () => {
  const clientErrors = Object.entries(PROBLEM_OF).filter(([, code]) => problemKind(code).status < 500)
  expect(clientErrors.map(([reason]) => reason)).toEqual(['out-of-memory', 'too-large', 'rejected'])
})

test('B1, B26: a connection that breaks at once was refused, one that breaks after a while is a crash', () => {
  const forecast = { startsInMs: 0, expectedMs: 1_000 }
  expect([whyBroken(3, forecast), whyBroken(299, forecast), whyBroken(300, forecast)]).toEqual([
    'unreachable',
    'unreachable',
    'crashed',
  ])
  // Short decodes are over before a refusal has come from far away.
  expect([
    whyBroken(49, { startsInMs: 0, expectedMs: 20 }),
    whyBroken(50, { startsInMs: 0, expectedMs: 20 }),
  ]).toEqual(['unreachable', 'crashed'])
  expect(whyBroken(500, { startsInMs: 400, expectedMs: 1_000 })).toBe('unreachable')
})
