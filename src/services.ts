/**
 * The composition root: with what lives as long as the isolate (`installation.ts`) and what a pool's object is given
 * (`pool-parts.ts`) the only place that makes anything real.
 */
import type { KeyAccount } from './admin/key-objects.ts'
import { KeyDesk } from './admin/keys.ts'
import { MetricsDesk, type PoolMeters } from './admin/metrics.ts'
import { type PoolControl, PoolDesk } from './admin/pools.ts'
import type { DirectoryService } from './admin/protocol.ts'
import { createSend } from './backends/send.ts'
import type { ConfigProblem } from './config/problem.ts'
import type { DispatchServices } from './dispatch/dispatch.ts'
import { type Installation, installationOf } from './installation.ts'
import { type Ambient, realAmbient } from './lib/ambient.ts'
import { ownAmbient } from './lib/own-ambient.ts'
import { ok, type Result } from './lib/result.ts'
import type { RateCounter } from './limits/abuse-floor.ts'
import { type KeyStub, LimitsClient } from './limits/client.ts'
import { PoolClient, type PoolStub } from './pool/client.ts'
import type { PoolRef } from './pool/membership.ts'
import { PoolOverview } from './pool/overview.ts'
import type { BackendShelf } from './pool/shelf.ts'
import { type EventSink, logEvents } from './telemetry/events.ts'
import type { Family } from './telemetry/exposition.ts'
import type { Recorded } from './telemetry/recorder.ts'

/** Bindings of wrangler.toml; settings and secrets stand beside them and are read by `readConfig`. */
export interface Env extends Readonly<Record<string, unknown>> {
  readonly POOL: {
    getByName(name: string, options?: { readonly locationHint?: string }): PoolStub & PoolControl & PoolMeters
  }
  readonly DIRECTORY: { getByName(name: string): DirectoryService & BackendShelf }
  readonly KEY: { getByName(name: string): KeyStub & KeyAccount }
  /** Absent where the platform counts nothing. */
  readonly BAD_KEYS?: RateCounter
  readonly ASSETS?: Fetcher
}

/** One object for all: what it holds is asked for by operators, and by who cannot do without. */
export const directoryOf = (env: Env): DirectoryService & BackendShelf => env.DIRECTORY.getByName('keys')

/** What one request works with. */
export interface Services extends Installation {
  readonly ambient: Ambient
  readonly events: EventSink
  readonly dispatch: DispatchServices
  readonly admin: () => AdminServices
  readonly limits: LimitsClient
  readonly overview: PoolOverview
  readonly badKeys: RateCounter | undefined
  /** Keeps the request's context alive until the task is over. */
  readonly defer: (task: Promise<unknown>) => void
}

/** What operators' requests work with. */
export interface AdminServices {
  readonly keys: KeyDesk
  readonly pools: PoolDesk
  readonly metrics: () => Promise<Family[]>
}

/** What the platform hands to each request. */
export interface Invocation {
  readonly env: Env
  readonly requestId: string
  readonly preview: Fetcher
  /** Of the client, where the platform knows it. */
  readonly continent: string | undefined
  readonly defer: (task: Promise<unknown>) => void
}

/** The services of one request, or what is wrong with the configuration. */
export async function createServices({
  env,
  requestId,
  preview,
  continent,
  defer,
}: Invocation): Promise<Result<Services, readonly ConfigProblem[]>> {
  const installation = await installationOf(env)
  if (!installation.ok) return installation
  const { config, budget, backends, membership, view, limitsMemory, overviewMemory, recorder } =
    installation.value
  const ambient = ownAmbient(realAmbient)
  const log = logEvents(requestId, ambient.wallNow)
  const poolOf = ({ name, shard }: PoolRef): PoolStub & PoolControl & PoolMeters => {
    const locationHint = config.shards.get(shard ?? '')?.locationHint
    return env.POOL.getByName(name, locationHint === undefined ? {} : { locationHint })
  }
  const directory = () => directoryOf(env)
  const metricsDesk = (): MetricsDesk => new MetricsDesk({ membership, controlOf: poolOf, view, ambient })
  const recording = { ambient, defer, send: (recorded: Recorded) => metricsDesk().count(recorded) }
  const events: EventSink = {
    emit: (event) => {
      log.emit(event)
      recorder?.record(event, recording)
    },
  }
  return ok({
    ...installation.value,
    ambient,
    events,
    defer,
    badKeys: env.BAD_KEYS,
    limits: new LimitsClient({
      stubOf: (account) => env.KEY.getByName(account),
      findListed: async (keyId) => directory().find(keyId),
      memory: limitsMemory,
      ambient,
      defer,
      unreachable: (why) => events.emit({ kind: 'limits-unreachable', why }),
    }),
    overview: new PoolOverview({
      statusOf: async (pool) => poolOf(pool).status(),
      memory: overviewMemory,
      ambient,
    }),
    dispatch: {
      ambient,
      events,
      budget,
      send: createSend(ambient.fetch, preview),
      defer,
      pool: new PoolClient({
        stubOf: poolOf,
        membership,
        shards: config.shards,
        continent,
        view,
        ambient,
        emit: (event) => events.emit(event),
        defer,
      }),
      backendOf: (id) => backends.get(id),
      commitBytes: config.dispatch.commitBytes,
      minAttemptMs: config.dispatch.attemptTimeoutMs,
    },
    admin: () => ({
      keys: new KeyDesk({
        accountOf: (keyId) => env.KEY.getByName(keyId),
        directory: directory(),
        noteRevoked: (keyId) => limitsMemory.unreadable.noteRevoked(keyId),
        keyRing: installation.value.keyRing,
        plans: config.plans,
        models: config.models,
        ambient,
      }),
      pools: new PoolDesk({ membership, controlOf: poolOf, ambient }),
      metrics: async () => {
        // What is here goes first, so that a gateway of one isolate is told of as it is.
        await recorder?.send(recording)
        return metricsDesk().read()
      },
    }),
  })
}
