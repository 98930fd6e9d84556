import { HEADER } from '../wire/headers.ts'

/** Names of the spans a request is made of, in the order they happen. */
export type Span = 'auth' | 'limit' | 'upload' | 'queue' | 'backend' | 'total'

/** The waits that stand in the line of a request. */
export const timesOf = ({ limit, upload, queue, backend }: Readonly<Partial<Record<Span, number>>>) => ({
  ...(limit !== undefined && { limitMs: limit }),
  ...(upload !== undefined && { uploadMs: upload }),
  ...(queue !== undefined && { queueMs: queue }),
  ...(backend !== undefined && { backendMs: backend }),
})

/** The same response, saying where its time went. */
export function withServerTiming(
  response: Response,
  spans: Readonly<Partial<Record<Span, number>>>,
): Response {
  response.headers.set(HEADER.serverTiming, formatServerTiming(spans))
  return response
}

/** `auth;dur=0.1, upload;dur=3`: waits in milliseconds. A Worker's clock stands still while it computes. */
export const formatServerTiming = (spans: Readonly<Partial<Record<Span, number>>>): string =>
  Object.entries(spans)
    .map(([name, ms]) => `${name};dur=${Math.round(ms * 10) / 10}`)
    .join(', ')
