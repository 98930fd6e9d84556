/** What state a backend can be in, each with only its own data. */

export type Health =
  | { readonly kind: 'usable' }
  /** Just back: short jobs first, and slower than it will be. */
  | { readonly kind: 'slow-start'; readonly since: number; readonly served: number }
  /**
   * Out of reach: nothing is sent, its health is asked for while there is demand. `isSure` once a look of our own found the
   * same: a request may end its own connection.
   */
  | { readonly kind: 'down'; readonly until: number; readonly probeAt: number; readonly isSure: boolean }
  /** Asleep or starting, which is no failure. `wakeAt`: when it is asked to start again; null while it is asked. */
  | {
      readonly kind: 'cold'
      readonly since: number
      readonly tries: number
      readonly wakeAt: number | null
    }
  /** One small job, or a decode of our own, decides; `isProbing` while that runs. */
  | { readonly kind: 'half-open'; readonly isProbing: boolean }
  /** By the operator: what runs may end, nothing new is sent. */
  | { readonly kind: 'drained' }
  /** By the operator: as if it were not there. */
  | { readonly kind: 'disabled' }

/** How one task of a backend is, while the backend itself can be reached. */
export type TaskHealth =
  | { readonly kind: 'usable' }
  /** Taken out: decodes of our own failed too, or other backends served what this one failed. */
  | { readonly kind: 'ejected'; readonly until: number }
  /** A decode of our own decides; `isProbing` while that runs. */
  | { readonly kind: 'half-open'; readonly isProbing: boolean }

/**
 * What took a backend out of service.
 *
 * - `unreachable`: no connection to it can be made
 * - `broke-off`: connections to it end before it answers
 * - `bad-answers`, `timeouts`: it was reached and did badly
 * - `refused`: it refuses us or is gone, which only its operator can change
 * - `busy`: it asks for time
 * - `asleep`: it said so
 */
export type Cause = 'unreachable' | 'broke-off' | 'bad-answers' | 'timeouts' | 'refused' | 'busy' | 'asleep'

/** One that should have been asked to start so long ago was not needed until now. */
const UNASKED_MS = 30_000

/** Since when a cold backend is being asked to start; `now` if nobody has for a while. */
export const askedToStartAt = ({ since, wakeAt }: Health & { kind: 'cold' }, now: number): number =>
  wakeAt !== null && now - wakeAt > UNASKED_MS ? now : since

/** States in which jobs are sent as usual. */
export const isServing = ({ kind }: Health | TaskHealth): boolean =>
  kind === 'usable' || kind === 'slow-start'
