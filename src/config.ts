/**
 * Bindings and [vars] of wrangler.toml -> Config: every setting, every default, and one readable error when
 * something is wrong. Nothing is checked again later.
 */
import * as z from 'zod'
import { planFingerprint } from './auth/api-key.ts'
import { type Pepper, parsePeppers } from './auth/key-ring.ts'
import type { Backend } from './backends/backend.ts'
import { findDuplicates, preferReal, readBackend } from './config/backends.ts'
import type { ConfigProblem } from './config/problem.ts'
import { err, ok, type Result } from './lib/result.ts'
import { findModel, isServable } from './models/registry.ts'

const modelList = z
  .array(z.string())
  .min(1)
  .superRefine((names, context) => {
    for (const [index, name] of names.entries()) {
      const model = findModel(name)
      if (name === '*' || (model && isServable(model))) continue
      const why = model ? 'its geometry is not known' : 'unknown model; /v1/models lists the known ones'
      context.addIssue({ code: 'custom', path: [index], message: `"${name}": ${why}` })
    }
  })

const backendSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, at most 63'),
  url: z.string().optional(),
  models: modelList,
  kind: z.enum(['huggingface', 'vae-backend', 'preview']).default('vae-backend'),
  tokenSecret: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a secret')
    .optional(),
  slots: z.int().min(1).max(256).default(1),
  scaleToZero: z.boolean().default(false),
  abortable: z.boolean().optional(),
})

const limit = z.number().positive().optional()

const planSchema = z.strictObject({
  requestsPerMinute: limit,
  megapixelsPerMinute: limit,
  concurrency: limit,
  megapixelsPerMonth: limit,
  models: modelList.default(['*']),
})

const dispatchSchema = z.strictObject({
  /** Time a request may take in all, from its last uploaded byte to the first byte of the answer. */
  deadlineMs: z.int().min(1000).max(120_000).default(60_000),
  /** Least time one attempt gets; a decode predicted to be long gets more. */
  attemptTimeoutMs: z.int().min(100).max(120_000).default(20_000),
  /** Answers up to this size are received whole before the first byte goes to the client. */
  commitBytes: z.int().min(0).max(33_554_432).default(4_194_304),
  /** Bytes of uploads and held answers in one isolate, which has 128 MB for everything. */
  bodyBudgetBytes: z.int().min(1_048_576).max(100_000_000).default(40_000_000),
})

const varsSchema = z.strictObject({
  BACKENDS: z.array(backendSchema).min(1, 'at least one backend'),
  PLANS: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), planSchema).default({}),
  DISPATCH: z.prefault(dispatchSchema, {}),
})

export type Plan = z.infer<typeof planSchema> & { readonly name: string }

export interface Config {
  readonly backends: readonly Backend[]
  /** By the fingerprint that keys carry. Limits are not enforced yet; the models of a plan are. */
  readonly plans: ReadonlyMap<number, Plan>
  /** The newest first. */
  readonly peppers: readonly Pepper[]
  readonly dispatch: z.infer<typeof dispatchSchema>
}

/** Reads the environment of the Worker: bindings, [vars] and secrets in one object. */
export function readConfig(env: Readonly<Record<string, unknown>>): Result<Config, readonly ConfigProblem[]> {
  const vars = varsSchema.safeParse(settingsOf(env))
  const peppers = parsePeppers(typeof env.KEY_SECRETS === 'string' ? env.KEY_SECRETS : '')
  const problems: ConfigProblem[] = []
  if (!vars.success) problems.push(...vars.error.issues.flatMap(problemsOf))
  if (!peppers.ok) problems.push({ path: ['KEY_SECRETS'], message: `this secret must be ${peppers.error}` })
  if (!vars.success || !peppers.ok) return err(problems)

  const backends = vars.data.BACKENDS.map((settings, index) => {
    const found = readBackend(settings, env)
    problems.push(
      ...found.problems.map(([key, message]) => ({ path: ['vars', 'BACKENDS', index, key], message })),
    )
    return found.backend
  })
  problems.push(...findDuplicates(backends))
  const plans = readPlans(vars.data.PLANS, problems)
  if (problems.length > 0) return err(problems)
  return ok({
    backends: preferReal(backends),
    plans,
    peppers: peppers.value,
    dispatch: vars.data.DISPATCH,
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
    plans.set(fingerprint, { ...plan, name })
  }
  return plans
}
