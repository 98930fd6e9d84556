/** Names of the spans a request is made of, in the order they happen. */
export type Span = 'auth' | 'limit' | 'upload' | 'queue' | 'backend' | 'total'

/** `auth;dur=0.1, upload;dur=3`: waits in milliseconds. A Worker's clock stands still while it computes. */
export const formatServerTiming = (spans: Readonly<Partial<Record<Span, number>>>): string =>
  Object.entries(spans)
    .map(([name, ms]) => `${name};dur=${Math.round(ms * 10) / 10}`)
    .join(', ')
