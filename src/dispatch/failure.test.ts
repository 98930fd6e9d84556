import { describe, expect, test } from 'vitest'
import { problemKind } from '../errors/codes.ts'
import type { Evidence } from '../pool/state.ts'
import { evidenceOf, type Failure, PROBLEM_OF } from './failure.ts'

const failure = (reason: Failure['reason'], retryAfterMs?: number): Failure => ({
  reason,
  backendId: 'a',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

describe('evidenceOf', () => {
  test.each<[string, Failure, Evidence | null]>([
    ['B1: out of reach is hard evidence', failure('unreachable'), { kind: 'hard' }],
    ['B5: a hang is soft', failure('timed-out'), { kind: 'soft' }],
    ['B7: a body that ends early is soft', failure('broke-off'), { kind: 'soft' }],
    ['B10: a wrong answer is soft', failure('invalid'), { kind: 'soft' }],
    ['B16: an error is soft', failure('server-error'), { kind: 'soft' }],
    [
      'B14: a refusal of the gateway is for the operator',
      failure('misconfigured'),
      { kind: 'misconfigured' },
    ],
    ['B18: a cold start asks for time', failure('cold'), { kind: 'busy', retryAfterMs: 5_000 }],
    [
      'B18: a cold start may say for how much',
      failure('cold', 30_000),
      { kind: 'busy', retryAfterMs: 30_000 },
    ],
    ['B19: too many requests ask for time', failure('busy'), { kind: 'busy', retryAfterMs: 1_000 }],
    ['B19: no time at all is taken at its word', failure('busy', 0), { kind: 'busy', retryAfterMs: 0 }],
    ['B12: a full GPU may be the request’s fault', failure('out-of-memory'), null],
    ['B15: so may a decode that is too large', failure('too-large'), null],
    ['B13: so may a refusal', failure('rejected'), null],
  ])('%s', (_, failure, evidence) => {
    expect(evidenceOf(failure)).toEqual(evidence)
  })
})

test('a client hears 4xx only where its request may be at fault', () => {
  const clientErrors = Object.entries(PROBLEM_OF).filter(([, code]) => problemKind(code).status < 500)
  expect(clientErrors.map(([reason]) => reason)).toEqual(['out-of-memory', 'too-large', 'rejected'])
})
