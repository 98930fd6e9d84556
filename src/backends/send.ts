import type { BackendKind } from './backend.ts'
import { httpEndpoint } from './http-endpoint.ts'
import { previewEndpoint } from './preview-endpoint.ts'
import type { Send } from './upstream.ts'

/** The adapter of each kind of backend. */
export function createSend(fetcher: typeof fetch, preview: Fetcher): Send {
  const http = httpEndpoint(fetcher)
  const adapters: Readonly<Record<BackendKind, Send>> = {
    huggingface: http,
    'vae-backend': http,
    preview: previewEndpoint(preview),
  }
  return (backend, request, signal) => adapters[backend.kind](backend, request, signal)
}
