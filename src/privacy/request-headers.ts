import { HEADER } from '../wire/headers.ts'
import { TENSOR } from '../wire/media-types.ts'

interface UpstreamFacts {
  /** The one media type we want. */
  readonly accept: string
  /** Of the body; a raw tensor when left out. */
  readonly contentType?: string | undefined
  readonly attemptId: string
  /** After this nobody wants the answer any more. */
  readonly remainingMs: number
}

/**
 * All a backend is told beside query and body. Nothing of the client's own headers goes on: no key, no address, no
 * user agent.
 */
export function upstreamHeaders(
  { accept, contentType = TENSOR, attemptId, remainingMs }: UpstreamFacts,
  token: string | undefined,
): Headers {
  const headers = new Headers({
    'content-type': contentType,
    accept,
    // Compressed answers cannot be checked for length, and may be bombs.
    'accept-encoding': 'identity',
    'user-agent': 'vae-gateway',
    [HEADER.attemptId]: attemptId,
    // Time left, not a moment: clocks of two machines differ.
    [HEADER.deadline]: String(Math.max(0, Math.ceil(remainingMs))),
  })
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  return headers
}
