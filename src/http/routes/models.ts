import { problem, problemResponse } from '../../errors/problem.ts'
import { decodeLimits } from '../../models/cost.ts'
import { describeShapes } from '../../models/latent-shape.ts'
import { OPERATIONS, taskOf } from '../../models/operation.ts'
import { isServable } from '../../models/registry.ts'
import { remoteDecodeLine } from '../../models/remote-decode.ts'
import type { VaeModel } from '../../models/vae.ts'
import { availabilityOf } from '../../pool/availability.ts'
import { type Membership, type PoolRef, servesTask } from '../../pool/membership.ts'
import type { PoolStatus } from '../../pool/protocol.ts'
import type { AppContext, Services } from '../context.ts'

/** GET /v1/models: every model the gateway knows, and how those that it serves can be decoded at this moment. */
export async function listModels(c: AppContext): Promise<Response> {
  const { config, membership, overview } = c.var.services
  const heard = await hear(membership.pools, overview)
  return c.json({ models: config.models.all.map((model) => describe(c, model, heard)) })
}

/** GET /v1/models/{id}, by id or alias. */
export async function showModel(c: AppContext): Promise<Response> {
  const { config, membership, overview } = c.var.services
  const model = config.models.find(c.req.param('id') ?? '')
  if (model) return c.json(describe(c, model, await hear(poolsFor(model.id, membership), overview)))
  return problemResponse(
    problem('unknown-model', 'Expected a model of the registry; GET /v1/models lists them.'),
    c.var.requestId,
  )
}

const poolsFor = (modelId: string, membership: Membership): readonly PoolRef[] =>
  OPERATIONS.map((operation) => membership.poolsOf(taskOf(modelId, operation))).find(
    (pools) => pools.length > 0,
  ) ?? []

/** What each pool says; undefined for one that is silent. */
type Heard = ReadonlyMap<PoolRef, PoolStatus | undefined>

async function hear(pools: readonly PoolRef[], overview: Services['overview']): Promise<Heard> {
  const statuses = await overview.statuses(pools)
  return new Map(pools.map((pool, index) => [pool, statuses[index]]))
}

function describe(c: AppContext, model: VaeModel, heard: Heard): Record<string, unknown> {
  const { config, membership, previewed } = c.var.services
  const { id, aliases, kind, diffusersClass, checkpoint, channels, spatialCompression, frames, scaling } =
    model
  const operations = OPERATIONS.filter((operation) => membership.poolsOf(taskOf(id, operation)).length > 0)
  const isServed = operations.length > 0
  // Who decodes counts; a model that is only encoded here has those that do that.
  const task = taskOf(id, operations[0] ?? 'decode')
  const backends = config.backends.filter((backend) => servesTask(backend, task))
  const said = membership.poolsOf(task).map((pool) => heard.get(pool))
  return {
    id,
    aliases,
    kind,
    latentSpace: model.latentSpace,
    diffusersClass,
    checkpoint,
    channels,
    spatialCompression,
    frames,
    layouts: model.layouts,
    packing: model.packing,
    scaling,
    dtype: model.dtype,
    outputs: model.outputs,
    operations,
    shapes: isServable(model) ? describeShapes(model) : null,
    limits: decodeLimits(model, previewed.has(id)),
    served: isServed,
    /** Configured backends; `preview` means approximate pictures. */
    backends: backends.map((backend) => ({ id: backend.id, kind: backend.kind })),
    availability: isServed ? availabilityOf(backends, said) : null,
    endpoint: isServed ? `/${id}` : null,
    remoteDecode: operations.includes('decode')
      ? remoteDecodeLine(model, endpointWithKey(c.req.url, id))
      : null,
  }
}

/** Python's requests sends a key in a URL only as the password of some user. */
function endpointWithKey(requestUrl: string, model: string): string {
  const { protocol, host } = new URL(requestUrl)
  return `${protocol}//x:KEY@${host}/${model}`
}
