/** What a backend ran out of memory for. */
import type { BackendState, Evidence } from './state.ts'

/** The next job must be so much smaller. */
const CEILING_SHARE = 0.8
/** Memory may have been short for a while only. */
const CEILING_MS = 600_000

export function lowerCeiling(
  backend: BackendState,
  { model, predictedMs }: Extract<Evidence, { kind: 'out-of-memory' }>,
  now: number,
): BackendState {
  const ceiling = { model, predictedMs: predictedMs * CEILING_SHARE, until: now + CEILING_MS }
  const others = backend.ceilings.filter((other) => other.model !== model && other.until > now)
  return { ...backend, ceilings: [...others, ceiling] }
}
