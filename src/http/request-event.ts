/** The event that a request ends with: what is known of it by then, in ids, numbers and codes. */
import type { Dispatched } from '../dispatch/dispatch.ts'
import type { RelayEnd } from '../dispatch/relay.ts'
import { problemKind } from '../errors/codes.ts'
import type { Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import type { GatewayEvent } from '../telemetry/events.ts'
import { type Span, timesOf } from '../telemetry/server-timing.ts'
import type { Caller } from './authenticate.ts'
import type { DecodeOrder } from './decode-order.ts'

type RequestEvent = GatewayEvent & { kind: 'decode' }
type Spans = Readonly<Partial<Record<Span, number>>>

/** @param spans without a total, which is `ms`: since the request came */
export function failedEvent(
  { code }: Problem,
  caller: Caller | undefined,
  order: DecodeOrder | undefined,
  spans: Spans,
  ms: number,
): RequestEvent {
  const isUploaded = spans.backend !== undefined
  return {
    kind: 'decode',
    status: problemKind(code).status,
    code,
    ...(caller && { keyId: caller.keyId }),
    ...(order && { model: order.model.id, ...(isUploaded && { receivedBytes: order.bodyBytes }) }),
    ms,
    ...timesOf(spans),
  }
}

/** Of a request that was answered; what became of the answer is `end`. */
export function answeredEvent(
  end: RelayEnd,
  sentBytes: number,
  { keyId }: Caller,
  { model, megapixels, bodyBytes }: DecodeOrder,
  { backendId, attempts, expectedMs }: Dispatched,
  warnings: readonly Warning[],
  spans: Spans,
  ms: number,
): RequestEvent {
  return {
    kind: 'decode',
    status: 200,
    end,
    keyId,
    model: model.id,
    backend: backendId,
    attempts,
    ms,
    ...timesOf(spans),
    expectedMs: Math.round(expectedMs),
    megapixels,
    receivedBytes: bodyBytes,
    ...(end === 'served' && { sentBytes }),
    ...(warnings.length > 0 && { warnings: warnings.map(({ code }) => code) }),
  }
}
