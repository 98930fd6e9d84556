/**
 * Every fault that we know of, what is promised about it and where that is proved. Backends are B, clients C, the
 * platform and the pool's own object P. A test carries the id of its row; `catalogue.test.ts` holds the two together.
 */

import { backends } from './catalogue/backends.ts'
import { clients } from './catalogue/clients.ts'
import { field } from './catalogue/field.ts'
import { platform } from './catalogue/platform.ts'

export interface FaultRow {
  readonly id: string
  readonly fault: string
  /** What happens then. */
  readonly promise: string
  /** Files whose tests prove it. */
  readonly proofs: readonly string[]
  /** Why there is no proof here, or what of the promise is left without one. */
  readonly open?: string
}

export const catalogue: readonly FaultRow[] = [...backends, ...clients, ...platform, ...field].map(
  ([id, fault, promise, proofs, open]) => ({
    id,
    fault,
    promise,
    proofs,
    ...(open !== undefined && { open }),
  }),
)

export type Level = 'unit' | 'worker' | 'gateway'

/** What has to run for a proof: plain functions, the runtime from inside, or the whole gateway on real sockets. */
export function levelOf(file: string): Level {
  if (file.startsWith('src/') || file.includes('faults/pool-')) return 'unit'
  return file.startsWith('test/worker/') ? 'worker' : 'gateway'
}
