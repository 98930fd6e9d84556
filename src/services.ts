/** The composition root: the only place that makes anything real. */
import type { KeyAccount } from './admin/key-objects.ts'
import { KeyDesk } from './admin/keys.ts'
import { MetricsDesk, type PoolMeters } from './admin/metrics.ts'
import { type PoolControl, PoolDesk } from './admin/pools.ts'
import type { DirectoryService } from './admin/protocol.ts'
import { digestOf } from './auth/admin-token.ts'
import { KeyRing } from './auth/key-ring.ts'
import type { Backend } from './backends/backend.ts'
import { probeBackend } from './backends/probe.ts'
import { createSend } from './backends/send.ts'
import type { ConfigProblem } from './config/problem.ts'
import { type Config, readConfig } from './config.ts'
import { ByteBudget } from './dispatch/byte-budget.ts'
import type { DispatchServices } from './dispatch/dispatch.ts'
import { OrderMemory } from './http/order-memory.ts'
import { type Ambient, realAmbient as ambient } from './lib/ambient.ts'
import { ok, type Result } from './lib/result.ts'
import type { RateCounter } from './limits/abuse-floor.ts'
import { type KeyStub, LimitsClient, LimitsMemory } from './limits/client.ts'
import type { Operation } from './models/operation.ts'
import { builtIn } from './models/registry.ts'
import { PoolClient, type PoolStub } from './pool/client.ts'
import type { PoolParts } from './pool/durable-object.ts'
import { LocalView } from './pool/local-view.ts'
import { memberOf, membersOf, type PoolRef, poolsByTask } from './pool/membership.ts'
import { OverviewMemory, PoolOverview } from './pool/overview.ts'
import { type EventSink, logEvents } from './telemetry/events.ts'
import type { Family } from './telemetry/exposition.ts'
import { type Recorded, Recorder } from './telemetry/recorder.ts'

/** Bindings of wrangler.toml; settings and secrets stand beside them and are read by `readConfig`. */
export interface Env extends Readonly<Record<string, unknown>> {
  readonly POOL: {
    getByName(name: string, options?: { readonly locationHint?: string }): PoolStub & PoolControl & PoolMeters
  }
  readonly DIRECTORY: { getByName(name: string): DirectoryService }
  readonly KEY: { getByName(name: string): KeyStub & KeyAccount }
  /** Absent where the platform counts nothing. */
  readonly BAD_KEYS?: RateCounter
  readonly ASSETS?: Fetcher
}

/** What lives as long as the isolate. */
export interface Installation {
  readonly config: Config
  readonly keyRing: KeyRing
  readonly budget: ByteBudget
  /** What this isolate knows of pools and backends by itself. */
  readonly view: LocalView
  readonly backends: ReadonlyMap<string, Backend>
  /** What this isolate knows of keys by itself. */
  readonly limitsMemory: LimitsMemory
  /** What this isolate has heard from pools, for those who look and want nothing. */
  readonly overviewMemory: OverviewMemory
  /** What was asked for lately. */
  readonly orders: OrderMemory
  /** The pools of each model that is served. */
  readonly pools: ReadonlyMap<string, readonly PoolRef[]>
  /** Ids of the models that some backend decodes, or encodes, with. */
  readonly served: Readonly<Record<Operation, ReadonlySet<string>>>
  /** Of the admin token; undefined where there is none. */
  readonly adminDigest: Uint8Array | undefined
  /** What this isolate has counted; undefined where nobody may ask for it. */
  readonly recorder: Recorder | undefined
}

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

/** What a pool's object works with. */
export function createPoolParts(env: Readonly<Record<string, unknown>>, preview: () => Fetcher): PoolParts {
  const config = readConfig(env)
  // A gateway that is misconfigured asks no pool.
  const backends = config.ok ? config.value.backends : []
  const models = config.ok ? config.value.models : builtIn
  const { fetch, randomUuid } = ambient
  return {
    membersOf: (poolName) =>
      (poolName === undefined ? backends : membersOf(backends, poolName)).map(memberOf),
    probe: async (backendId, test) => {
      const backend = backends.find(({ id }) => id === backendId)
      return backend
        ? probeBackend(backend, test, { fetch, randomUuid, models, send: createSend(fetch, preview()) })
        : 'failed'
    },
    isMetered: config.ok && config.value.adminToken !== undefined,
    forgetful: (error) =>
      logEvents('pool', ambient.now).emit({
        kind: 'pool-memory-failed',
        error: error instanceof Error ? error.name : 'unknown',
      }),
  }
}

const servedBy = (backends: readonly Backend[], operation: Operation): ReadonlySet<string> =>
  new Set(
    backends.flatMap(({ models, operations = ['decode'] }) => (operations.includes(operation) ? models : [])),
  )

async function install(
  env: Readonly<Record<string, unknown>>,
): Promise<Result<Installation, readonly ConfigProblem[]>> {
  const read = readConfig(env)
  if (!read.ok) return read
  const config = read.value
  return ok({
    config,
    keyRing: await KeyRing.import(config.peppers),
    budget: new ByteBudget(config.dispatch.bodyBudgetBytes),
    view: new LocalView(),
    limitsMemory: new LimitsMemory(),
    overviewMemory: new OverviewMemory(),
    orders: new OrderMemory(),
    backends: new Map(config.backends.map((backend) => [backend.id, backend])),
    pools: poolsByTask(config.backends),
    served: { decode: servedBy(config.backends, 'decode'), encode: servedBy(config.backends, 'encode') },
    adminDigest: config.adminToken === undefined ? undefined : await digestOf(config.adminToken),
    recorder: config.adminToken === undefined ? undefined : new Recorder(),
  })
}

/** Reads the configuration once per isolate; env does not change while it lives. */
let installed: ReturnType<typeof install> | undefined

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
  installed ??= install(env)
  const installation = await installed
  if (!installation.ok) return installation
  const { config, budget, backends, view, limitsMemory, overviewMemory, recorder } = installation.value
  const log = logEvents(requestId, ambient.now)
  const poolOf = ({ name, shard }: PoolRef): PoolStub & PoolControl & PoolMeters => {
    const locationHint = config.shards.get(shard ?? '')?.locationHint
    return env.POOL.getByName(name, locationHint === undefined ? {} : { locationHint })
  }
  const metricsDesk = (): MetricsDesk =>
    new MetricsDesk({ backends: config.backends, controlOf: poolOf, view, ambient })
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
        backends: config.backends,
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
        directory: env.DIRECTORY.getByName('keys'),
        keyRing: installation.value.keyRing,
        plans: config.plans,
        models: config.models,
        ambient,
      }),
      pools: new PoolDesk({ backends: config.backends, controlOf: poolOf, ambient }),
      metrics: async () => {
        // What is here goes first, so that a gateway of one isolate is told of as it is.
        await recorder?.send(recording)
        return metricsDesk().read()
      },
    }),
  })
}
