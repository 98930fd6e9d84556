/** Everything the gateway says of itself. Typed, so that no event can carry a request, a key or a byte of a body. */
import type { ProblemCode } from '../errors/codes.ts'

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
}

export type GatewayEvent =
  | (Ended & { readonly kind: 'decode' })
  | (Ended & { readonly kind: 'encode' })
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
  /** The object of a key does not answer: the request goes on without limits. */
  | { readonly kind: 'limits-unreachable'; readonly why: 'errors' | 'silent' }
  /** A key's object could not write what was used; it goes on and tries again. */
  | { readonly kind: 'limits-memory-failed'; readonly error: string }
  /** Bad keys cannot be counted. */
  | { readonly kind: 'bad-keys-uncounted' }
  | { readonly kind: 'misconfigured'; readonly problems: string }
  | { readonly kind: 'internal-error'; readonly error: string; readonly at: readonly string[] }

export interface EventSink {
  emit(event: GatewayEvent): void
}

/** One JSON line per event on the Worker's log, which the platform collects. A log that fails fails no request. */
export const logEvents = (requestId: string, now: () => number): EventSink => ({
  emit: (event) => {
    try {
      console.log(JSON.stringify({ time: new Date(now()).toISOString(), requestId, ...event }))
    } catch {}
  },
})
