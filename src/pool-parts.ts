/** What a pool's object is given: who belongs to it, and how it looks at them. */
import { onBothLoopbacks } from './backends/loopback.ts'
import { probeBackend } from './backends/probe.ts'
import { createSend } from './backends/send.ts'
import { readConfig } from './config.ts'
import { realAmbient } from './lib/ambient.ts'
import { ownAmbient } from './lib/own-ambient.ts'
import { builtIn } from './models/registry.ts'
import { Membership, memberOf } from './pool/membership.ts'
import type { PoolParts } from './pool/pool-host.ts'
import type { BackendShelf } from './pool/shelf.ts'
import { logEvents } from './telemetry/events.ts'

/** @param shelf where backends' orders are kept */
export function createPoolParts(
  env: Readonly<Record<string, unknown>>,
  preview: () => Fetcher,
  shelf: () => BackendShelf,
): PoolParts {
  const config = readConfig(env)
  // A gateway that is misconfigured asks no pool.
  const backends = config.ok ? config.value.backends : []
  const models = config.ok ? config.value.models : builtIn
  const membership = new Membership(backends)
  const ambient = ownAmbient(realAmbient)
  const { fetch, randomUuid, after } = ambient
  return {
    membersOf: (poolName) =>
      (poolName === undefined ? backends : membership.membersOf(poolName)).map(memberOf),
    probe: async (backendId, test, task) => {
      const backend = backends.find(({ id }) => id === backendId)
      return backend
        ? probeBackend(
            backend,
            test,
            {
              fetch: onBothLoopbacks(fetch),
              randomUuid,
              after,
              models,
              send: createSend(fetch, preview()),
            },
            task,
          )
        : 'failed'
    },
    // A new stub each time: one that has seen its object reset throws for ever.
    shelf: {
      findBackends: async (ids) => shelf().findBackends(ids),
      keepBackends: async (kept) => shelf().keepBackends(kept),
    },
    isMetered: config.ok && config.value.adminToken !== undefined,
    forgetful: (error) =>
      logEvents('pool', ambient.wallNow).emit({
        kind: 'pool-memory-failed',
        error: error instanceof Error ? error.name : 'unknown',
      }),
  }
}
