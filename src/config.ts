/**
 * Bindings and [vars] of wrangler.toml -> Config: every setting, every default, and one readable error when
 * something is wrong. Nothing is checked again later.
 */
import type * as z from 'zod'
import { readAdminToken } from './auth/admin-token.ts'
import { planFingerprint } from './auth/api-key.ts'
import { type Pepper, parsePeppers } from './auth/key-ring.ts'
import type { Backend } from './backends/backend.ts'
import { checkModelNames, findDuplicates, findUnsharded, preferReal, readBackend } from './config/backends.ts'
import { readModels } from './config/models.ts'
import type { ConfigProblem } from './config/problem.ts'
import { type dispatchSchema, planSchema, varsSchema } from './config/schema.ts'
import { err, ok, type Result } from './lib/result.ts'
import type { Limits } from './limits/protocol.ts'
import type { Registry } from './models/registry.ts'
import type { Shard } from './pool/shards.ts'

export type Plan = Limits & { readonly name: string; readonly models: readonly string[] }

export interface Config {
  readonly backends: readonly Backend[]
  /** By the fingerprint that keys carry. */
  readonly plans: ReadonlyMap<number, Plan>
  /** Of those who come without a key; null: nobody may. */
  readonly anonymous: Plan | null
  /** Whether the platform's word on a client's address counts. */
  readonly knowsAddresses: boolean
  /** The newest first. */
  readonly peppers: readonly Pepper[]
  readonly dispatch: z.infer<typeof dispatchSchema>
  readonly shards: ReadonlyMap<string, Shard>
  /** Built-in models as the operator narrowed them, and the operator's own. */
  readonly models: Registry
  /** Without one there is no admin API. */
  readonly adminToken: string | undefined
}

/** Reads the environment of the Worker: bindings, [vars] and secrets in one object. */
export function readConfig(env: Readonly<Record<string, unknown>>): Result<Config, readonly ConfigProblem[]> {
  const vars = varsSchema.safeParse(settingsOf(env))
  const peppers = parsePeppers(typeof env.KEY_SECRETS === 'string' ? env.KEY_SECRETS : '')
  const problems: ConfigProblem[] = []
  if (!vars.success) problems.push(...vars.error.issues.flatMap(problemsOf))
  if (!peppers.ok) problems.push({ path: ['KEY_SECRETS'], message: `this secret must be ${peppers.error}` })
  const adminToken = readAdminToken(env.ADMIN_TOKEN)
  if (!adminToken.ok)
    problems.push({ path: ['ADMIN_TOKEN'], message: `this secret must be ${adminToken.error}` })
  if (!vars.success || !peppers.ok || !adminToken.ok) return err(problems)

  const { registry, problems: ofModels } = readModels(vars.data.MODELS)
  problems.push(...ofModels)
  const backends = vars.data.BACKENDS.map((settings, index) => {
    const found = readBackend(settings, env, registry)
    problems.push(
      ...checkModelNames(settings.models, ['vars', 'BACKENDS', index, 'models'], registry),
      ...found.problems.map(([key, message]) => ({ path: ['vars', 'BACKENDS', index, key], message })),
    )
    return found.backend
  })
  problems.push(...findDuplicates(backends), ...findUnsharded(backends, Object.keys(vars.data.SHARDS)))
  const plans = readPlans(vars.data.PLANS, registry, problems)
  const anonymous = findAnonymous(vars.data.ANONYMOUS?.plan, plans, problems)
  if (problems.length > 0) return err(problems)
  return ok({
    backends: preferReal(backends),
    models: registry,
    plans,
    anonymous,
    knowsAddresses: vars.data.CLIENT_ADDRESS === 'platform',
    peppers: peppers.value,
    adminToken: adminToken.value,
    dispatch: vars.data.DISPATCH,
    shards: new Map(
      Object.entries(vars.data.SHARDS).map(([name, { locationHint, continents }]) => [
        name,
        { locationHint, continents },
      ]),
    ),
  })
}

/** A setting that there is not is named by its own path, so that its line can be found. */
function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = ['vars', ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))]
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such setting' }))
}

/**
 * The part of the environment that comes from tables in [vars]. Strings may be secrets of backends and bindings
 * are instances of classes, so of those only the ones we know are read; a table or list we do not know is a
 * misspelt setting.
 */
function settingsOf(env: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSetting = ([name, value]: [string, unknown]): boolean =>
    Object.hasOwn(varsSchema.shape, name) || isPlainData(value)
  return Object.fromEntries(Object.entries(env).filter(isSetting))
}

function isPlainData(value: unknown): boolean {
  if (Array.isArray(value)) return true
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function readPlans(
  settings: Readonly<Record<string, z.infer<typeof planSchema>>>,
  registry: Registry,
  problems: ConfigProblem[],
): Map<number, Plan> {
  const plans = new Map<number, Plan>()
  for (const [name, plan] of Object.entries({ default: planSchema.parse({}), ...settings })) {
    const fingerprint = planFingerprint(name)
    const other = plans.get(fingerprint)
    if (other) {
      problems.push({
        path: ['vars', 'PLANS', name],
        message: `keys cannot tell this name from "${other.name}"; rename one`,
      })
    }
    problems.push(...checkModelNames(plan.models, ['vars', 'PLANS', name, 'models'], registry))
    const models = plan.models.map((model) => registry.find(model)?.id ?? model)
    const { requestsPerMinute = null, megapixelsPerMinute = null } = plan
    const { concurrency = null, megapixelsPerMonth = null } = plan
    const limits = { requestsPerMinute, megapixelsPerMinute, concurrency, megapixelsPerMonth }
    plans.set(fingerprint, { name, models, ...limits })
  }
  return plans
}

function findAnonymous(
  name: string | undefined,
  plans: ReadonlyMap<number, Plan>,
  problems: ConfigProblem[],
): Plan | null {
  if (name === undefined) return null
  const plan = [...plans.values()].find((plan) => plan.name === name)
  if (!plan) problems.push({ path: ['vars', 'ANONYMOUS', 'plan'], message: 'there is no such plan' })
  return plan ?? null
}
