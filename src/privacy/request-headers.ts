import { HEADER } from '../wire/headers.ts'
import { TENSOR } from '../wire/media-types.ts'

/**
 * All a backend is told beside query and body. Nothing of the client's own headers goes on: no key, no address, no
 * user agent.
 */
export function upstreamHeaders(accept: string, attemptId: string, token: string | undefined): Headers {
  const headers = new Headers({
    'content-type': TENSOR,
    accept,
    // Compressed answers cannot be checked for length, and may be bombs.
    'accept-encoding': 'identity',
    'user-agent': 'vae-gateway',
    [HEADER.attemptId]: attemptId,
  })
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  return headers
}
