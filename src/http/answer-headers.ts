import type { Dispatched } from '../dispatch/dispatch.ts'
import { formatWarnings, type Warning } from '../inspection/codes.ts'
import { rateLimitHeaders } from '../limits/headers.ts'
import type { Quota } from '../limits/protocol.ts'
import { formatServerTiming, type Spans } from '../telemetry/server-timing.ts'
import { formatShape, HEADER } from '../wire/headers.ts'
import type { Order } from './order.ts'

/** Headers of a request that was served. */
export function answerHeaders(
  { model, expected, presentation }: Order,
  { answer, backendIds, attempts }: Dispatched,
  quotas: readonly Quota[],
  warnings: readonly Warning[],
  spans: Readonly<Spans>,
): Record<string, string> {
  return {
    ...answer.headers,
    ...rateLimitHeaders(quotas),
    'content-type': presentation.envelope ?? expected.mediaType,
    [HEADER.model]: model.id,
    [HEADER.backend]: [...new Set(backendIds)].join(', '),
    [HEADER.attempts]: String(attempts),
    [HEADER.serverTiming]: formatServerTiming(spans),
    ...(expected.kind === 'tensor' &&
      answer.dtype && { [HEADER.shape]: formatShape(expected.shape), [HEADER.dtype]: answer.dtype }),
    ...(warnings.length > 0 && { [HEADER.warning]: formatWarnings(warnings) }),
  }
}
