import { HEADER } from '../wire/headers.ts'

/** Names of the spans a request is made of, in the order they happen. */
export type Span = 'auth' | 'limit' | 'upload' | 'queue' | 'backend' | 'total'

/** Milliseconds of those that a request has come to so far. */
export type Spans = Partial<Record<Span, number>>

/** What is not spent waiting for slots is the backend's; parts of a batch wait side by side, which adds up to more. */
export function endSpans(spans: Spans, sinceUploadMs: number): void {
  if (spans.queue !== undefined) spans.queue = Math.min(spans.queue, sinceUploadMs)
  spans.backend = sinceUploadMs - (spans.queue ?? 0)
}

/** The waits that stand in the line of a request. */
export const timesOf = ({ limit, upload, queue, backend }: Readonly<Spans>) => ({
  ...(limit !== undefined && { limitMs: limit }),
  ...(upload !== undefined && { uploadMs: upload }),
  ...(queue !== undefined && { queueMs: queue }),
  ...(backend !== undefined && { backendMs: backend }),
})

/** The same response, saying where its time went. */
export function withServerTiming(response: Response, spans: Readonly<Spans>): Response {
  response.headers.set(HEADER.serverTiming, formatServerTiming(spans))
  return response
}

/** `auth;dur=0.1, upload;dur=3`: waits in milliseconds. A Worker's clock stands still while it computes. */
export const formatServerTiming = (spans: Readonly<Spans>): string =>
  Object.entries(spans)
    .map(([name, ms]) => `${name};dur=${Math.round(ms * 10) / 10}`)
    .join(', ')
