/** The event that a request ends with: what is known of it by then, in ids, numbers and codes. */
import type { Dispatched } from '../dispatch/dispatch.ts'
import type { RelayEnd } from '../dispatch/relay.ts'
import { problemKind } from '../errors/codes.ts'
import type { Problem } from '../errors/problem.ts'
import type { Warning } from '../inspection/codes.ts'
import type { Operation } from '../models/operation.ts'
import type { GatewayEvent } from '../telemetry/events.ts'
import { type Spans, timesOf } from '../telemetry/server-timing.ts'
import type { Order } from './order.ts'

type RequestEvent = GatewayEvent & { kind: Operation }

/** What a request has shown of itself; grows while it lives. */
export interface Known {
  operation: Operation
  keyId?: string
  model?: string
  /** When all of its body was here. */
  uploadedAt?: number
  receivedBytes?: number
}

/** @param spans without a total, which is `ms`: since the request came */
export const failedEvent = (
  { code }: Problem,
  known: Known,
  spans: Readonly<Spans>,
  ms: number,
): RequestEvent => ({
  kind: known.operation,
  status: problemKind(code).status,
  code,
  ...shownOf(known),
  ms,
  ...timesOf(spans),
})

/** Of a request that was answered; what became of the answer is `end`. */
export const answeredEvent = (
  end: RelayEnd,
  sentBytes: number,
  known: Known,
  { megapixels }: Order,
  { backendId, attempts, expectedMs }: Dispatched,
  warnings: readonly Warning[],
  spans: Readonly<Spans>,
  ms: number,
): RequestEvent => ({
  kind: known.operation,
  status: 200,
  end,
  ...shownOf(known),
  backend: backendId,
  attempts,
  ms,
  ...timesOf(spans),
  expectedMs: Math.round(expectedMs),
  megapixels,
  ...(end === 'served' && { sentBytes }),
  ...(warnings.length > 0 && { warnings: warnings.map(({ code }) => code) }),
})

const shownOf = ({ keyId, model, receivedBytes }: Known) => ({
  ...(keyId !== undefined && { keyId }),
  ...(model !== undefined && { model }),
  ...(receivedBytes !== undefined && { receivedBytes }),
})
