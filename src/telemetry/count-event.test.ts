import { describe, expect, test } from 'vitest'
import { problemCodes, problemKind } from '../errors/codes.ts'
import { BusiestKeys } from './busiest-keys.ts'
import { countEvent } from './count-event.ts'
import { Counts } from './counts.ts'
import type { GatewayEvent } from './events.ts'

function counted(...events: readonly GatewayEvent[]) {
  const [counts, keys] = [new Counts(), new BusiestKeys()]
  for (const event of events) countEvent(event, counts, keys, 0)
  const of = (name: string): Record<string, unknown> => Object.fromEntries(counts.tally.get(name) ?? [])
  return { of, counts, keys }
}

describe('a request', () => {
  test.each(problemCodes)('that ends with %s is counted under that', (code) => {
    const { of } = counted({ kind: 'decode', status: problemKind(code).status, code, ms: 1 })
    expect(of('vae_gateway_requests_total')).toEqual({ [`none\n${code}`]: 1 })
  })

  test.each([
    [{ status: 200, end: 'served' }, [1, 0, 0, 0]],
    [{ status: 429, code: 'too-many-requests' }, [0, 1, 0, 0]],
    [{ status: 503, code: 'no-capacity' }, [0, 0, 1, 0]],
    [{ status: 200, end: 'broke-off' }, [0, 0, 1, 0]],
    [{ status: 200, end: 'client-gone' }, [0, 0, 0, 1]],
    [{ status: 499, code: 'client-closed-request' }, [0, 0, 0, 1]],
  ] as const)('is what its key got: %j', (how, requests) => {
    const { keys } = counted({ kind: 'decode', keyId: 'k', ms: 1, megapixels: 2, ...how })
    expect(keys.use.keys.get('k')).toEqual({ requests, megapixels: requests[0] * 2 })
  })

  test.each([
    ['too-many-requests', 'requests'],
    ['too-many-megapixels', 'megapixels'],
    ['too-many-at-once', 'concurrency'],
    ['month-used-up', 'month'],
    ['exceeds-plan', 'plan'],
    ['forbidden', 'model'],
    ['quota-exceeded', 'share'],
    ['unauthorized', 'revoked'],
  ] as const)('that a key is refused with %s is one over its %s', (code, reason) => {
    const { of } = counted({ kind: 'decode', status: problemKind(code).status, code, keyId: 'k', ms: 1 })
    expect(of('vae_gateway_limit_refusals_total')).toEqual({ [reason]: 1 })
    expect(of('vae_gateway_bad_credentials_total')).toEqual({})
  })

  test('without a good key, and an operator without a good token, are bad credentials', () => {
    const { of, keys } = counted(
      { kind: 'decode', status: 401, code: 'unauthorized', ms: 1 },
      { kind: 'decode', status: 429, code: 'too-many-bad-keys', ms: 1 },
      { kind: 'admin', status: 401, ms: 1 },
      { kind: 'admin', status: 429, ms: 1 },
      { kind: 'admin', status: 200, ms: 1 },
    )
    expect(of('vae_gateway_bad_credentials_total')).toEqual({
      'key\nrefused': 1,
      'key\nflooding': 1,
      'admin\nrefused': 1,
      'admin\nflooding': 1,
    })
    expect(of('vae_gateway_limit_refusals_total')).toEqual({})
    expect(keys.use.keys.size).toBe(0)
  })
})

describe('an attempt', () => {
  const ended = {
    kind: 'attempt-ended',
    backendId: 'gpu',
    attemptMs: 400,
    actualMs: 300,
    isLocal: false,
  } as const

  test('that was served shows how right the prediction was', () => {
    const { of } = counted({ ...ended, end: 'served', expectedMs: 200 })
    expect(of('vae_gateway_attempts_total')).toEqual({ 'gpu\nserved': 1 })
    expect(of('vae_gateway_decode_actual_seconds_total')).toEqual({ gpu: 0.3 })
    expect(of('vae_gateway_decode_expected_seconds_total')).toEqual({ gpu: 0.2 })
    expect((of('vae_gateway_decode_ratio').gpu as number[]).at(-1)).toBe(1.5)
  })

  test('that was not says nothing of predictions', () => {
    const { of } = counted({ ...ended, end: 'client-gone', expectedMs: 200 })
    expect(of('vae_gateway_attempts_total')).toEqual({ 'gpu\nclient-gone': 1 })
    expect(of('vae_gateway_decode_ratio')).toEqual({})
  })

  test('that no pool placed is one in degraded mode, however it ends', () => {
    const { of } = counted(
      { ...ended, end: 'served', expectedMs: 200, isLocal: true },
      { kind: 'attempt-failed', reason: 'crashed', backendId: 'gpu', ms: 1, expectedMs: 1, isLocal: true },
    )
    expect(of('vae_gateway_degraded_attempts_total')).toEqual({ gpu: 2 })
  })
})

test('what should not be is counted by its kind', () => {
  const { of } = counted(
    { kind: 'internal-error', error: 'TypeError', at: [] },
    { kind: 'limits-unreachable', why: 'silent' },
    { kind: 'pool-degraded', pool: 'p', why: 'silent' },
    { kind: 'pool-recovered', pool: 'p' },
  )
  expect(of('vae_gateway_faults_total')).toEqual({ 'internal-error': 1, 'limits-unreachable': 1 })
  expect(of('vae_gateway_pool_losses_total')).toEqual({ 'p\nsilent': 1 })
  expect(of('vae_gateway_pool_recoveries_total')).toEqual({ p: 1 })
})
