/** What can be wrong with a backend, when, and how often. */
import { luckOf } from '../engine/random.ts'
import type { Attempt } from './attempt.ts'

/**
 * The rows of the failure catalogue that a backend can show.
 * - `refuse` connection refused, DNS, TLS; `connect-timeout` no connection in 5 s
 * - `hang` takes the request, never answers; `reset` breaks off before it answers; `crash` dies with all it has
 * - `truncate`, `invalid` an answer that ends early, or is none
 * - `error` 500 after the work; `bad-gateway` 502 at once; `black-hole` 500 at once, while its health looks fine
 * - `oom` 400 or 413 for what is large; `reject` 400 for what is good; `misconfigured` 401, 403, 404, 3xx
 * - `cold` scaled to zero; `busy` 429; `grey` correct and ten times slower; `crash-loop` serves one, dies of the next
 */
export type FaultKind =
  | 'refuse'
  | 'connect-timeout'
  | 'hang'
  | 'reset'
  | 'crash'
  | 'truncate'
  | 'invalid'
  | 'error'
  | 'bad-gateway'
  | 'black-hole'
  | 'oom'
  | 'reject'
  | 'misconfigured'
  | 'cold'
  | 'busy'
  | 'grey'
  | 'crash-loop'

export interface Fault {
  readonly kind: FaultKind
  readonly backend: number
  readonly from: number
  readonly until: number
  /** It comes again after this; 0: never. */
  readonly everyMs: number
  /** Share of the requests that meet it. */
  readonly rate: number
}

export const GREY_FACTOR = 10
/** Megapixels above which an `oom` backend has not enough memory. */
const MEMORY_LIMIT = 8
export const CONNECT_TIMEOUT_MS = 5_000
export const BUSY_RETRY_AFTER_MS = 5_000
/** From dying to serving again. */
export const RESTART_MS = 5_000

export function isOutOfMemory({ fate, flight }: Pick<Attempt, 'fate' | 'flight'>): boolean {
  const { width, height, frames } = flight.order.size
  return fate === 'oom' && width * height * frames > MEMORY_LIMIT * 1e6
}

/** Faults of one backend, asked for one attempt at a time. */
export class FaultPlan {
  readonly #faults: readonly Fault[]
  readonly #seed: number

  constructor(faults: readonly Fault[], backend: number, seed: number) {
    this.#faults = faults.filter((fault) => fault.backend === backend)
    this.#seed = seed
  }

  get all(): readonly Fault[] {
    return this.#faults
  }

  /**
   * The fault that an attempt meets. Its luck hangs on request and try, not on the order of questions.
   *
   * @param serial of the request; a probe has one of its own
   */
  meets(now: number, serial: number, attempt: number): FaultKind | null {
    for (let i = 0; i < this.#faults.length; i++) {
      const fault = this.#faults[i] as Fault
      if (!isOn(fault, now)) continue
      if (fault.rate >= 1 || luckOf(this.#seed, serial, attempt, fault.backend * 31 + i) < fault.rate) {
        return fault.kind
      }
    }
    return null
  }

  /** Whether one is going on at all. */
  isFaulty(now: number): boolean {
    return this.#faults.some((fault) => isOn(fault, now))
  }
}

function isOn({ from, until, everyMs }: Fault, now: number): boolean {
  const since = now - from
  return since >= 0 && (everyMs > 0 ? since % everyMs : since) < until - from
}
