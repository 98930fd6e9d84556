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
 * A size that the backend has decoded before is not given up for one request, which may have been at fault: it takes
 * two in a row, with no decode of that size between them.
 */
export function lowerCeiling(
  backend: BackendState,
  { model, predictedMs }: Extract<Evidence, { kind: 'out-of-memory' }>,
  now: number,
): BackendState {
  const proven = backend.proven.find((size) => size.model === model)
  const isProven = proven !== undefined && proven.predictedMs >= predictedMs
  if (isProven && !proven.isDoubted) {
    const doubted = { ...proven, isDoubted: true }
    return { ...backend, proven: backend.proven.map((size) => (size === proven ? doubted : size)) }
  }
  const before = backend.ceilings.find((ceiling) => ceiling.model === model)
  const lowered = Math.max(predictedMs * CEILING_SHARE, isProven ? 0 : (proven?.predictedMs ?? 0))
  const isPassing = isProven || lowered <= OVERHEAD_MS
  const times = isPassing ? (before?.times ?? 0) + 1 : 0
  const ms = isPassing ? Math.min(CEILING_MS, PASSING_MS * 2 ** (times - 1)) : CEILING_MS
  const ceiling: Ceiling = { model, predictedMs: lowered, until: now + ms, times }
  const others = backend.ceilings.filter((other) => other.model !== model && other.until > now)
  return { ...backend, ceilings: [...others, ceiling] }
}

/** A job was decoded, which raises what the backend is known to be able to. */
export function raiseCeiling(backend: BackendState, { model, predictedMs }: Lease): BackendState {
  const known = backend.proven.find((size) => size.model === model)
  const isNews = known === undefined || known.predictedMs < predictedMs || known.isDoubted === true
  const isRefuted = backend.ceilings.some(
    (ceiling) => ceiling.model === model && predictedMs > ceiling.predictedMs,
  )
  if (!isNews && !isRefuted) return backend
  const most = { model, predictedMs: Math.max(predictedMs, known?.predictedMs ?? 0) }
  const proven = isNews ? [...backend.proven.filter((size) => size.model !== model), most] : backend.proven
  const ceilings = isRefuted
    ? backend.ceilings.filter((ceiling) => ceiling.model !== model)
    : backend.ceilings
  return { ...backend, proven, ceilings }
}
