import type { Dispatched } from '../dispatch/dispatch.ts'
import { rateLimitHeaders } from '../limits/headers.ts'
import type { Quota } from '../limits/protocol.ts'
import { formatServerTiming, type Span } from '../telemetry/server-timing.ts'
import { formatShape, HEADER } from '../wire/headers.ts'
import type { DecodeOrder } from './decode-order.ts'

/** Headers of a decode that was served. */
export function answerHeaders(
  { model, expected }: DecodeOrder,
  { answer, backendId, attempts }: Dispatched,
  quotas: readonly Quota[],
  spans: Readonly<Partial<Record<Span, number>>>,
): Headers {
  const headers = new Headers({
    ...answer.headers,
    ...rateLimitHeaders(quotas),
    'content-type': expected.mediaType,
    [HEADER.model]: model.id,
    [HEADER.backend]: backendId,
    [HEADER.attempts]: String(attempts),
    [HEADER.serverTiming]: formatServerTiming(spans),
  })
  if (expected.kind === 'tensor' && answer.dtype) {
    headers.set(HEADER.shape, formatShape(expected.shape))
    headers.set(HEADER.dtype, answer.dtype)
  }
  return headers
}
