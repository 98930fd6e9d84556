/** What a backend ran out of memory for, and what it has shown that it can decode. */
import { OVERHEAD_MS } from '../models/cost.ts'
import type { BackendState, Ceiling, Lease } from './state.ts'

/** The next job must be so much smaller. */
const CEILING_SHARE = 0.8
/**
 * How long a ceiling holds. Where another program may have taken the memory for a moment it is short at first, and doubled
 * as often as it happens; a size that was never decoded has the longest at once.
 */
const FIRST_MS = 5_000
const MAX_MS = 600_000
/** Ceilings that are kept per backend, the latest. */
const MAX_CEILINGS = 32

/**
 * A request ran out of memory. It may be at fault itself, so the ceiling holds for its own key, and for no size that the
 * backend has decoded before; for all once another backend has served the request.
 *
 * @param key null once another backend has served it
 */
export function lowerCeiling(
  backend: BackendState,
  { model, predictedMs }: Pick<Ceiling, 'model' | 'predictedMs'>,
  key: string | null,
  now: number,
): BackendState {
  const provenMs = backend.proven.find((size) => size.model === model)?.predictedMs ?? 0
  const isProven = provenMs >= predictedMs
  if (isProven && key !== null) return backend
  const isSame = (other: Ceiling): boolean => other.model === model && other.key === key
  const before = backend.ceilings.find(isSame)
  const lowered = Math.max(predictedMs * CEILING_SHARE, isProven ? 0 : provenMs)
  // Requests that were under way together ran out of memory once.
  if (before && before.until > now && before.predictedMs <= lowered) return backend
  const isAgain = before !== undefined && before.until <= now
  const times = isAgain ? before.times + 1 : (before?.times ?? 1)
  // What it has decoded before, or a size as small as any, it may have the memory for again in a moment.
  const isPassing = isProven || predictedMs * CEILING_SHARE <= OVERHEAD_MS
  const ms = isPassing ? Math.min(MAX_MS, FIRST_MS * 2 ** (times - 1)) : MAX_MS
  const until = Math.max(before?.until ?? 0, now + ms)
  const others = backend.ceilings.filter((other) => !isSame(other)).slice(1 - MAX_CEILINGS)
  return { ...backend, ceilings: [...others, { key, model, predictedMs: lowered, until, times }] }
}

/** A job was decoded, which raises what the backend is known to be able to. */
export function raiseCeiling(backend: BackendState, { model, predictedMs }: Lease): BackendState {
  const known = backend.proven.find((size) => size.model === model)
  const isNews = known === undefined || known.predictedMs < predictedMs
  const isRefuted = (ceiling: Ceiling): boolean =>
    ceiling.model === model && predictedMs > ceiling.predictedMs
  if (!isNews && !backend.ceilings.some(isRefuted)) return backend
  const proven = isNews
    ? [...backend.proven.filter((size) => size.model !== model), { model, predictedMs }]
    : backend.proven
  return { ...backend, proven, ceilings: backend.ceilings.filter((ceiling) => !isRefuted(ceiling)) }
}
