import { upstreamHeaders } from '../privacy/request-headers.ts'
import type { Send } from './upstream.ts'

/** The embedded decoder: an entrypoint of this very Worker. */
export function previewEndpoint(preview: Fetcher): Send {
  return (_backend, request, signal) =>
    preview.fetch(`https://preview.invalid/${request.model}?${request.query}`, {
      method: 'POST',
      headers: upstreamHeaders(request, undefined),
      body: request.body,
      signal,
    })
}
