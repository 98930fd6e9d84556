import type { Backend, BackendKind } from '../backends/backend.ts'
import { checkBackendUrl } from '../backends/backend-url.ts'
import type { Operation } from '../models/operation.ts'
import { isServable, type Registry } from '../models/registry.ts'
import type { VaeModel } from '../models/vae.ts'
import { canPreview } from '../preview/factors/index.ts'
import type { ConfigProblem } from './problem.ts'

/** An entry of BACKENDS as the schema lets it through. */
export interface BackendSettings {
  readonly id: string
  readonly url?: string | undefined
  readonly models: readonly string[]
  readonly kind: BackendKind
  readonly operations: readonly Operation[]
  readonly tokenSecret?: string | undefined
  readonly slots?: number | undefined
  readonly scaleToZero: boolean
  readonly coldStartWaitMs?: number | undefined
  readonly abortable?: boolean | undefined
  readonly shard?: string | undefined
}

type Complaint = readonly [key: string, message: string]

/** Completes an entry of BACKENDS: models by id, the token from its secret, the URL checked. */
export function readBackend(
  settings: BackendSettings,
  env: Readonly<Record<string, unknown>>,
  registry: Registry,
): { backend: Backend; problems: Complaint[] } {
  const { id, kind, slots, scaleToZero, coldStartWaitMs, tokenSecret } = settings
  const operations = [...new Set(settings.operations)]
  const problems: Complaint[] = []
  const isPreview = kind === 'preview'
  const models = expandModels(settings.models, isPreview ? canPreview : isServable, registry)
  if (isPreview && settings.url !== undefined) problems.push(['url', 'a preview backend has no url'])
  if (isPreview && tokenSecret !== undefined) problems.push(['tokenSecret', 'a preview backend has no token'])
  if (isPreview && operations.join() !== 'decode') problems.push(['operations', 'a preview only decodes'])
  for (const model of isPreview ? models : []) {
    if (!canPreview(model))
      problems.push(['models', `"${model.id}": the preview has no colours for this model`])
  }
  if (!isPreview && settings.url === undefined) problems.push(['url', `a ${kind} backend needs a url`])
  const url = isPreview || settings.url === undefined ? undefined : checkBackendUrl(settings.url)
  if (url && !url.ok) problems.push(['url', `expected ${url.error}`])
  const token = tokenSecret === undefined ? undefined : env[tokenSecret]
  if (tokenSecret !== undefined && (typeof token !== 'string' || token === '')) {
    problems.push(['tokenSecret', `the secret ${tokenSecret} is not set`])
  }
  const backend: Backend = {
    id,
    kind,
    url: url?.ok ? url.value : undefined,
    token: typeof token === 'string' ? token : undefined,
    models: models.map((model) => model.id),
    operations,
    slots: slots ?? 1,
    ...(slots === undefined && kind === 'vae-backend' && { learnsSlots: true }),
    scaleToZero,
    coldStartWaitMs,
    abortable: settings.abortable ?? kind !== 'huggingface',
    shard: settings.shard,
  }
  return { backend, problems }
}

/** Names of models that cannot be served, at the place where the list stands. */
export const checkModelNames = (
  names: readonly string[],
  path: ConfigProblem['path'],
  registry: Registry,
): ConfigProblem[] =>
  names.flatMap((name, index) => {
    const model = registry.find(name)
    if (name === '*' || (model && isServable(model))) return []
    const why = model ? 'its geometry is not known' : 'unknown model; /v1/models lists the known ones'
    return [{ path: [...path, index], message: `"${name}": ${why}` }]
  })

function expandModels(
  names: readonly string[],
  canServe: (model: VaeModel) => boolean,
  registry: Registry,
): VaeModel[] {
  const models = names.flatMap((name) =>
    name === '*' ? registry.all.filter(canServe) : (registry.find(name) ?? []),
  )
  return [...new Set(models)]
}

/** Two entries for one id cannot be told apart; two for one URL would give it twice its slots. */
export function findDuplicates(backends: readonly Backend[]): ConfigProblem[] {
  return backends.flatMap((backend, index) =>
    (['id', 'url'] as const).flatMap((key) => {
      const first = backends.findIndex((other) => other[key] !== undefined && other[key] === backend[key])
      if (first < 0 || first === index) return []
      return [
        { path: ['vars', 'BACKENDS', index, key], message: `the same as that of vars.BACKENDS[${first}]` },
      ]
    }),
  )
}

/** Where there are shards each backend belongs to one; where there are none, to none. */
export const findUnsharded = (backends: readonly Backend[], shards: readonly string[]): ConfigProblem[] =>
  backends.flatMap(({ shard }, index) => {
    const isFine = shards.length === 0 ? shard === undefined : shard !== undefined && shards.includes(shard)
    if (isFine) return []
    const message = shards.length === 0 ? 'there are no vars.SHARDS' : `expected one of ${shards.join(', ')}`
    return [{ path: ['vars', 'BACKENDS', index, 'shard'], message }]
  })

/** A preview never stands in for a decoder: it keeps only the models that no other backend serves. */
export function preferReal(backends: readonly Backend[]): Backend[] {
  const decoders = backends.filter(
    ({ kind, operations = [] }) => kind !== 'preview' && operations.includes('decode'),
  )
  const real = new Set(decoders.flatMap(({ models }) => models))
  return backends.map((backend) =>
    backend.kind === 'preview'
      ? { ...backend, models: backend.models.filter((model) => !real.has(model)) }
      : backend,
  )
}
