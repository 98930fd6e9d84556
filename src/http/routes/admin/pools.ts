import { nothingSchema, orders } from '../../../admin/contract.ts'
import { problem, problemResponse } from '../../../errors/problem.ts'
import type { AppContext } from '../../context.ts'
import { readJson } from '../../read-json.ts'

/** GET /v1/admin/pools: every backend's state, why it is in it and until when. */
export const listPools = async (c: AppContext): Promise<Response> =>
  c.json({ pools: await c.var.services.admin().pools.report() })

/** POST /v1/admin/backends/{id}/{order}: drain, enable, disable or probe. */
export async function orderBackend(c: AppContext): Promise<Response> {
  const { services, requestId } = c.var
  const order = orders.find((name) => name === c.req.param('order'))
  if (!order) {
    return problemResponse(problem('not-found', `Expected one of ${orders.join(', ')}.`), requestId)
  }
  const said = await readJson(c.req.raw, c.var.inflow, nothingSchema, services.ambient)
  if (!said.ok) return problemResponse(said.error, requestId)
  const id = c.req.param('id') ?? ''
  const ordered = await services.admin().pools.order(id, order)
  if (!ordered.ok) return problemResponse(ordered.error, requestId)
  c.set('subject', id)
  return c.json(ordered.value)
}
