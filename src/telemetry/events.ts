/** Everything the gateway says of itself. Typed, so that no event can carry a request, a key or a byte of a body. */
import type { ProblemCode } from '../errors/codes.ts'
import type { WarningCode } from '../inspection/codes.ts'

/** What became of a request. */
interface Ended {
  /** 200 when the answer was committed to; `end` says what became of it. */
  readonly status: number
  readonly code?: ProblemCode
  readonly end?: 'served' | 'broke-off' | 'client-gone' | 'client-slow'
  readonly model?: string
  readonly backend?: string
  readonly keyId?: string
  readonly attempts?: number
  readonly ms: number
  /** Of the answer: width x height x frames / 1e6. */
  readonly megapixels?: number
  readonly receivedBytes?: number
  /** Of an answer that went out whole. */
  readonly sentBytes?: number
  readonly limitMs?: number
  readonly uploadMs?: number
  /** Spent waiting for slots. */
  readonly queueMs?: number
  /** From the upload to the answer, without that. */
  readonly backendMs?: number
  /** Decode time that was expected of the backend. */
  readonly expectedMs?: number
  /** What looks wrong about the latent. */
  readonly warnings?: readonly WarningCode[]
}

export type GatewayEvent =
  | (Ended & { readonly kind: 'decode' })
  | (Ended & { readonly kind: 'encode' })
  /**
   * A request was sent to a backend, and it did not fail before the client got a byte. It has no line of its own: that
   * of its request says the same.
   */
  | {
      readonly kind: 'attempt-ended'
      readonly backendId: string
      /** `called-off`: another attempt was faster, or its client left before an answer. */
      readonly end: 'served' | 'broke-off' | 'client-gone' | 'client-slow' | 'called-off'
      /** From sending the request to the head of the answer. */
      readonly attemptMs?: number
      /** What the decode took: by the backend's own word, or as far as it can be told from here. */
      readonly actualMs?: number
      readonly expectedMs: number
      /** It was placed without the object of its pool. */
      readonly isLocal: boolean
    }
  /** An operator was here, or somebody who wants to pass for one. */
  | {
      readonly kind: 'admin'
      readonly status: number
      readonly method?: string
      /** The pattern of the path. */
      readonly route?: string
      /** Id of a key or of a backend. */
      readonly subject?: string
      readonly ms: number
    }
  | {
      readonly kind: 'attempt-failed'
      readonly reason: string
      readonly backendId: string
      readonly ms: number
      readonly expectedMs: number
      readonly isLocal: boolean
    }
  /** A pool's object does not answer; jobs are placed without it until it does. */
  | {
      readonly kind: 'pool-degraded'
      readonly pool: string
      readonly why: 'errors' | 'silent' | 'overloaded'
    }
  | { readonly kind: 'pool-recovered'; readonly pool: string }
  /** A pool could not read or write what it has learnt; it goes on without. */
  | { readonly kind: 'pool-memory-failed'; readonly error: string }
  /** The object of a key does not answer: the isolate counts by itself. */
  | { readonly kind: 'limits-unreachable'; readonly why: 'errors' | 'silent' }
  /** A key's object could not write what was used; it goes on and tries again. */
  | { readonly kind: 'limits-memory-failed'; readonly error: string }
  /** Bad keys cannot be counted. */
  | { readonly kind: 'bad-keys-uncounted' }
  /** A pool did not say whether it took in what was counted here; that may be missing from `/metrics`. */
  | { readonly kind: 'counts-lost' }
  | { readonly kind: 'misconfigured'; readonly problems: string }
  | { readonly kind: 'internal-error'; readonly error: string; readonly at: readonly string[] }

export interface EventSink {
  emit(event: GatewayEvent): void
}

/**
 * One JSON line per event on the Worker's log, which the platform collects and bills: an attempt that ended well has
 * none, since the line of its request says what there is to say. A log that fails fails no request.
 */
export const logEvents = (requestId: string, now: () => number): EventSink => ({
  emit: (event) => {
    if (event.kind === 'attempt-ended') return
    try {
      console.log(JSON.stringify({ time: new Date(now()).toISOString(), requestId, ...event }))
    } catch {}
  },
})
