import { problem, problemResponse } from '../../errors/problem.ts'
import { maxMegapixels } from '../../models/cost.ts'
import { describeShapes } from '../../models/latent-shape.ts'
import { isServable } from '../../models/registry.ts'
import type { VaeModel } from '../../models/vae.ts'
import type { AppContext, Installation } from '../context.ts'

/** GET /v1/models: every model the gateway knows, and which of them it serves. */
export function listModels(c: AppContext): Response {
  return c.json({ models: c.var.services.config.models.all.map((model) => describe(model, c.var.services)) })
}

/** GET /v1/models/{id}, by id or alias. */
export function showModel(c: AppContext): Response {
  const model = c.var.services.config.models.find(c.req.param('id') ?? '')
  if (model) return c.json(describe(model, c.var.services))
  return problemResponse(
    problem('unknown-model', 'Expected a model of the registry; GET /v1/models lists them.'),
    c.var.requestId,
  )
}

function describe(model: VaeModel, { served, config }: Installation): Record<string, unknown> {
  const { id, aliases, kind, diffusersClass, checkpoint, channels, spatialCompression, frames, scaling } =
    model
  return {
    id,
    aliases,
    kind,
    diffusersClass,
    checkpoint,
    channels,
    spatialCompression,
    frames,
    scaling,
    dtype: model.dtype,
    outputs: model.outputs,
    shapes: isServable(model) ? describeShapes(model) : null,
    limits: { maxMegapixels: maxMegapixels(model), maxFrames: model.limits?.maxFrames ?? null },
    served: served.has(id),
    /** Configured backends; `preview` means approximate pictures. */
    backends: config.backends
      .filter((backend) => backend.models.includes(id))
      .map((backend) => ({ id: backend.id, kind: backend.kind })),
    endpoint: served.has(id) ? `/${id}` : null,
  }
}
