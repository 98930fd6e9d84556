/** Whether a pool's object can be talked to, as one isolate sees it. */

export type Reachability =
  | { readonly kind: 'reachable' }
  /** Jobs are placed without it. `until`: when the next one may try it; `times`: tries that were in vain. */
  | { readonly kind: 'lost'; readonly times: number; readonly until: number }

/** - `object`: as usual - `trial`: it may be back, this request finds out - `local`: without it */
export type Route = 'object' | 'trial' | 'local'

/** - `errors`: calls broke off - `silent`: nothing came back - `overloaded`: it said so itself */
export type LossReason = 'errors' | 'silent' | 'overloaded'

export const REACHABLE: Reachability = { kind: 'reachable' }

const PAUSE_MS = 2_000
const MAX_PAUSE_MS = 30_000

/** How long nothing asks the object, after so many tries in vain. */
export const pauseMs = (times: number): number => Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** (times - 1))

/**
 * Where the next request goes. A trial takes the interval's turn with it, so that a request whose context is dropped
 * in the middle holds nobody up.
 */
export function route(state: Reachability, now: number): readonly [Route, Reachability] {
  if (state.kind === 'reachable') return ['object', state]
  if (now < state.until) return ['local', state]
  return ['trial', { ...state, until: now + pauseMs(state.times) }]
}

/** The object did not answer. Of requests that were under way together only the first counts. */
export function lose(state: Reachability, wasTrial: boolean, now: number): Reachability {
  if (state.kind === 'lost' && !wasTrial) return state
  const times = state.kind === 'lost' ? state.times + 1 : 1
  return { kind: 'lost', times, until: now + pauseMs(times) }
}
