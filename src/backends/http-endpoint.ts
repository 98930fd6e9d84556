import { upstreamHeaders } from '../privacy/request-headers.ts'
import { onBothLoopbacks } from './loopback.ts'
import type { Send } from './upstream.ts'

/** A decoder behind a URL: a Hugging Face Inference Endpoint or our reference backend. */
export function httpEndpoint(fetcher: typeof fetch): Send {
  const reach = onBothLoopbacks(fetcher)
  return (backend, request, signal) => {
    if (backend.url === undefined) throw new TypeError(`Backend ${backend.id} has no url.`)
    return reach(`${backend.url}?${request.query}`, {
      method: 'POST',
      headers: upstreamHeaders(request, backend.token),
      body: request.body,
      // A redirect would carry the latent, and perhaps the token, to somewhere nobody configured.
      redirect: 'manual',
      signal,
    })
  }
}
