/** What can be said of a request before it has said what it asks for: whether anything at all would be refused. */
import { type KeyStatus, type PolicyName, type Refusal, PROTOCOL_VERSION as v } from './protocol.ts'
import { isOver } from './standing.ts'

/** Nobody knows when a request under way will end; most decodes take about so long. */
const PLACE_WAIT_MS = 1_000

/** The refusal that every request would get now; undefined where a small one may be let in. */
export function foresee({ record, quotas }: KeyStatus, wall: number): Refusal | undefined {
  if (record && isOver(record, wall)) return { ok: false, v, why: 'revoked' }
  const used = quotas.filter(({ remaining }) => remaining <= 0)
  if (used.length === 0) return undefined
  const waits = used.map(({ policy, resetMs }) => (policy === 'concurrency' ? PLACE_WAIT_MS : resetMs))
  const policies: PolicyName[] = used.map(({ policy }) => policy)
  return { ok: false, v, why: 'limit', policies, quotas, retryAfterMs: Math.max(...waits) }
}
