import type { Backend } from './backend.ts'

/** One decode or encode as a backend gets it. */
export interface UpstreamRequest {
  /** Id of the model. */
  readonly model: string
  readonly query: URLSearchParams
  /** The one media type we want; toolkits know no lists. */
  readonly accept: string
  /** Of the body; a raw tensor when left out. */
  readonly contentType?: string | undefined
  readonly body: ArrayBuffer | Uint8Array<ArrayBuffer>
  /** Echoed by backends that can, so that an answer to another request is noticed. */
  readonly attemptId: string
  /** After this nobody wants the answer any more. */
  readonly remainingMs: number
}

/** Sends a decode to a backend. Rejects when there is no response, with the signal's reason when it was aborted. */
export type Send = (backend: Backend, request: UpstreamRequest, signal: AbortSignal) => Promise<Response>
