/** Why a backend is out of service. Of kinds only: nothing that it said is kept. */

import type { Evidence } from './events.ts'
import type { Cause } from './health-states.ts'
import type { BackendState } from './state.ts'

/** The backend after some evidence, with that as the cause when it is what took it out. */
export function withCause(
  before: BackendState,
  after: BackendState,
  evidence: Exclude<Evidence, { kind: 'out-of-memory' }>,
): BackendState {
  if (after.health.kind === before.health.kind) return after
  const cause = causeOf(evidence)
  return cause ? { ...after, cause } : after
}

/** Null for what takes nobody out. */
function causeOf(evidence: Exclude<Evidence, { kind: 'out-of-memory' }>): Cause | null {
  switch (evidence.kind) {
    case 'unreachable':
      return 'unreachable'
    case 'hard':
      return 'broke-off'
    case 'soft':
      return evidence.isTimeout ? 'timeouts' : 'bad-answers'
    case 'misconfigured':
      return 'refused'
    case 'cold':
      return 'asleep'
    case 'served':
    case 'busy':
      return null
  }
}
