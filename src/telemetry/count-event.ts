/** What an event adds to which metric. */
import type { ProblemCode } from '../errors/codes.ts'
import { type Operation, taskOf } from '../models/operation.ts'
import type { BusiestKeys, KeyOutcome } from './busiest-keys.ts'
import type { Counts } from './counts.ts'
import type { GatewayEvent } from './events.ts'

/** In the place of a model or key that a request did not get as far as. */
const NONE = 'none'

export function countEvent(event: GatewayEvent, counts: Counts, keys: BusiestKeys, now: number): void {
  switch (event.kind) {
    case 'decode':
    case 'encode':
      countRequest(event, counts, keys, now)
      return
    case 'attempt-failed':
      counts.add('vae_gateway_attempts_total', [event.backendId, event.reason])
      if (event.isLocal) counts.add('vae_gateway_degraded_attempts_total', [event.backendId])
      return
    case 'attempt-ended':
      countAttempt(event, counts)
      return
    case 'admin':
      counts.add('vae_gateway_admin_requests_total', [String(event.status)])
      if (event.status === 401) counts.add('vae_gateway_bad_credentials_total', ['admin', 'refused'])
      if (event.status === 429) counts.add('vae_gateway_bad_credentials_total', ['admin', 'flooding'])
      return
    case 'pool-degraded':
      counts.add('vae_gateway_pool_losses_total', [event.pool, event.why])
      return
    case 'pool-recovered':
      counts.add('vae_gateway_pool_recoveries_total', [event.pool])
      return
    case 'pool-memory-failed':
    case 'limits-unreachable':
    case 'limits-memory-failed':
    case 'bad-keys-uncounted':
    case 'counts-lost':
    case 'misconfigured':
    case 'internal-error':
      counts.add('vae_gateway_faults_total', [event.kind])
  }
}

function countRequest(
  event: GatewayEvent & { kind: Operation },
  counts: Counts,
  keys: BusiestKeys,
  now: number,
): void {
  const { kind, status, code, end, keyId, megapixels = 0, ms } = event
  const model = event.model === undefined ? NONE : taskOf(event.model, kind)
  const { uploadMs, limitMs, receivedBytes, sentBytes } = event
  counts.add('vae_gateway_requests_total', [model, code ?? end ?? NONE])
  if (uploadMs !== undefined) counts.observe('vae_gateway_upload_duration_seconds', [], uploadMs / 1000)
  if (limitMs !== undefined) counts.observe('vae_gateway_limit_duration_seconds', [], limitMs / 1000)
  if (receivedBytes !== undefined) counts.add('vae_gateway_received_bytes_total', [model], receivedBytes)
  for (const warning of event.warnings ?? []) counts.add('vae_gateway_latent_warnings_total', [warning])
  const isServed = end === 'served'
  if (isServed) {
    counts.observe('vae_gateway_request_duration_seconds', [model], ms / 1000)
    counts.add('vae_gateway_megapixels_total', [model], megapixels)
    if (sentBytes !== undefined) counts.add('vae_gateway_sent_bytes_total', [model], sentBytes)
  }
  const reason = limitReason(code, keyId !== undefined)
  if (reason) counts.add('vae_gateway_limit_refusals_total', [reason])
  if (keyId !== undefined) keys.add(keyId, keyOutcome(status, end), isServed ? megapixels : 0, now)
  else if (code === 'unauthorized') counts.add('vae_gateway_bad_credentials_total', ['key', 'refused'])
  else if (code === 'too-many-bad-keys') counts.add('vae_gateway_bad_credentials_total', ['key', 'flooding'])
}

const LIMITS: Partial<Record<ProblemCode, string>> = {
  'too-many-requests': 'requests',
  'too-many-megapixels': 'megapixels',
  'too-many-at-once': 'concurrency',
  'month-used-up': 'month',
  'exceeds-plan': 'plan',
  forbidden: 'model',
  'quota-exceeded': 'share',
}

/** @param isKnown a key that certifies itself and is refused all the same has been revoked */
const limitReason = (code: ProblemCode | undefined, isKnown: boolean): string | undefined =>
  code === 'unauthorized' && isKnown ? 'revoked' : code && LIMITS[code]

function keyOutcome(status: number, end: string | undefined): KeyOutcome {
  if (end === 'served') return 'served'
  if (end === 'client-gone' || end === 'client-slow' || status === 499) return 'left'
  return status < 500 && end === undefined ? 'refused' : 'failed'
}

function countAttempt(
  { backendId, end, attemptMs, actualMs, expectedMs, isLocal }: GatewayEvent & { kind: 'attempt-ended' },
  counts: Counts,
): void {
  counts.add('vae_gateway_attempts_total', [backendId, end])
  if (isLocal) counts.add('vae_gateway_degraded_attempts_total', [backendId])
  if (attemptMs !== undefined)
    counts.observe('vae_gateway_attempt_duration_seconds', [backendId], attemptMs / 1000)
  if (end !== 'served' || actualMs === undefined || expectedMs <= 0) return
  counts.observe('vae_gateway_decode_ratio', [backendId], actualMs / expectedMs)
  counts.add('vae_gateway_decode_actual_seconds_total', [backendId], actualMs / 1000)
  counts.add('vae_gateway_decode_expected_seconds_total', [backendId], expectedMs / 1000)
}
