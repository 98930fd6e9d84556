/** What a backend ran out of memory for, and what it has shown that it can decode. */
import { OVERHEAD_MS } from '../models/cost.ts'
import type { Evidence } from './events.ts'
import type { BackendState, Ceiling, Lease } from './state.ts'

/** The next job must be so much smaller. */
const CEILING_SHARE = 0.8
/** For how long, when it has never decoded as much. */
const CEILING_MS = 600_000
/**
 * When it has, or nothing is small enough for the ceiling, somebody else took the memory, perhaps for a moment; doubled
 * as often as it happens.
 */
const PASSING_MS = 5_000

/**
 * One key's requests may run out of memory whatever their size, so a ceiling holds for that key alone until another key
 * meets it too. What the backend has decoded it can decode.
 */
export function lowerCeiling(
  backend: BackendState,
  { key, model, predictedMs }: Extract<Evidence, { kind: 'out-of-memory' }>,
  now: number,
): BackendState {
  const provenMs = backend.proven.find((size) => size.model === model)?.predictedMs ?? 0
  const before = backend.ceilings.find((ceiling) => ceiling.model === model)
  const isShared = before !== undefined && before.until > now && before.key !== key
  const isPassing = provenMs >= predictedMs || predictedMs * CEILING_SHARE <= OVERHEAD_MS
  const lowered = isPassing ? predictedMs * CEILING_SHARE : Math.max(predictedMs * CEILING_SHARE, provenMs)
  const known = isShared && before.key !== null ? 0 : (before?.times ?? 0)
  const times = isPassing ? known + 1 : 0
  const ms = isPassing ? Math.min(CEILING_MS, PASSING_MS * 2 ** (times - 1)) : CEILING_MS
  const ceiling: Ceiling = {
    model,
    key: isShared ? null : key,
    predictedMs: lowered,
    until: now + ms,
    times,
  }
  const others = backend.ceilings.filter((other) => other.model !== model && other.until > now)
  return { ...backend, ceilings: [...others, ceiling] }
}

/** A job was decoded, which raises what the backend is known to be able to. */
export function raiseCeiling(backend: BackendState, { model, predictedMs }: Lease): BackendState {
  const known = backend.proven.find((size) => size.model === model)
  const isNews = known === undefined || known.predictedMs < predictedMs
  const isRefuted = backend.ceilings.some(
    (ceiling) => ceiling.model === model && predictedMs > ceiling.predictedMs,
  )
  if (!isNews && !isRefuted) return backend
  const proven = isNews
    ? [...backend.proven.filter((size) => size.model !== model), { model, predictedMs }]
    : backend.proven
  const ceilings = isRefuted
    ? backend.ceilings.filter((ceiling) => ceiling.model !== model)
    : backend.ceilings
  return { ...backend, proven, ceilings }
}
