/** How long a backend is left alone after what it showed. */
import type { BackendState, Evidence } from './state.ts'

/** Failures in a row after which a backend is avoided: it may be down, or it may have been one request. */
const HARD_STRIKES = 2
const SOFT_STRIKES = 3

const HARD_PAUSE_MS = 1_000
const SOFT_PAUSE_MS = 5_000
const MISCONFIGURED_PAUSE_MS = 60_000
const MAX_PAUSE_MS = 60_000
const MAX_BUSY_MS = 300_000

/** @param random in [0, 1); spreads the pause over half to all of its length, so that pools do not march in step */
export function learn(backend: BackendState, evidence: Evidence, random: number, now: number): BackendState {
  const pauseFor = (ms: number): BackendState['pause'] => ({
    kind: 'down',
    until: now + Math.min(ms, MAX_PAUSE_MS) * (0.5 + random / 2),
  })
  switch (evidence.kind) {
    case 'served':
      // A late answer proves that the backend is up, not that it has room again.
      return { ...backend, strikes: 0, pause: backend.pause?.kind === 'busy' ? backend.pause : null }
    case 'busy': {
      const until = now + Math.min(evidence.retryAfterMs, MAX_BUSY_MS)
      return { ...backend, pause: { kind: 'busy', until } }
    }
    case 'misconfigured':
      return { ...backend, strikes: backend.strikes + 1, pause: pauseFor(MISCONFIGURED_PAUSE_MS) }
    case 'hard':
    case 'soft': {
      const [limit, base] =
        evidence.kind === 'hard' ? [HARD_STRIKES, HARD_PAUSE_MS] : [SOFT_STRIKES, SOFT_PAUSE_MS]
      const strikes = backend.strikes + 1
      const pause = strikes < limit ? backend.pause : pauseFor(base * 2 ** (strikes - limit))
      return { ...backend, strikes, pause }
    }
  }
}
