/** What lives as long as the isolate, made from the settings once. */
import { digestOf } from './auth/admin-token.ts'
import { Guesses } from './auth/guesses.ts'
import { KeyRing } from './auth/key-ring.ts'
import type { Backend } from './backends/backend.ts'
import type { ConfigProblem } from './config/problem.ts'
import { type Config, readConfig } from './config.ts'
import { ByteBudget } from './dispatch/byte-budget.ts'
import { OrderMemory } from './http/order-memory.ts'
import { ok, type Result } from './lib/result.ts'
import { LimitsMemory } from './limits/client.ts'
import type { Operation } from './models/operation.ts'
import { LocalView } from './pool/local-view.ts'
import { Membership } from './pool/membership.ts'
import { OverviewMemory } from './pool/overview.ts'
import { Recorder } from './telemetry/recorder.ts'

type Env = Readonly<Record<string, unknown>>
type Installed = Result<Installation, readonly ConfigProblem[]>

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
  /** Which backends make up a pool. */
  readonly membership: Membership
  /** Ids of the models that some backend decodes, or encodes, with. */
  readonly served: Readonly<Record<Operation, ReadonlySet<string>>>
  /** Admin tokens that were wrong. */
  readonly guesses: Guesses
  /** Ids of the models that the embedded preview decodes. */
  readonly previewed: ReadonlySet<string>
  /** Of the admin token; undefined where there is none. */
  readonly adminDigest: Uint8Array | undefined
  /** What this isolate has counted; undefined where nobody may ask for it. */
  readonly recorder: Recorder | undefined
}

let installed: Promise<Installed> | undefined

/** Reads the configuration once per isolate; `env` does not change while that lives. */
export function installationOf(env: Env): Promise<Installed> {
  installed ??= install(env)
  return installed
}

const servedBy = (backends: readonly Backend[], operation: Operation): ReadonlySet<string> =>
  new Set(
    backends.flatMap(({ models, operations = ['decode'] }) => (operations.includes(operation) ? models : [])),
  )

async function install(env: Env): Promise<Installed> {
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
    guesses: new Guesses(),
    backends: new Map(config.backends.map((backend) => [backend.id, backend])),
    membership: new Membership(config.backends),
    served: { decode: servedBy(config.backends, 'decode'), encode: servedBy(config.backends, 'encode') },
    previewed: new Set(config.backends.flatMap(({ kind, models }) => (kind === 'preview' ? models : []))),
    adminDigest: config.adminToken === undefined ? undefined : await digestOf(config.adminToken),
    recorder: config.adminToken === undefined ? undefined : new Recorder(),
  })
}
