/** A decode request up to its body. */
import type { Problem } from '../errors/problem.ts'
import { inspect } from '../inspection/inspect.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { maxLatentBytes } from '../models/cost.ts'
import type { AppContext } from './context.ts'
import { readOrder } from './decode-order.ts'
import { checkPresentation } from './present.ts'
import { checkUpload } from './read-body.ts'
import type { RequestForm } from './read-form.ts'
import type { Taken } from './taken.ts'

/** @param mayServe whether the caller's plan has the model */
export function takeDecode(
  c: AppContext,
  { params, inHand }: RequestForm,
  mayServe: (modelId: string) => Problem | undefined,
): Result<Taken, Problem> {
  const { services, startedAt } = c.var
  const { config, orders, served, previewed } = services
  const accept = c.req.header('accept')
  const named = c.req.param('model')
  const readIt = () => readOrder(params, accept, named, served.decode, config.models, previewed)
  const read = inHand ? readIt() : orders.recall([params.toString(), accept, named], startedAt, readIt)
  if (!read.ok) return read
  const order = read.value
  const { model, query } = order
  const unacceptable =
    mayServe(model.id) ??
    checkPresentation(order, config.dispatch.commitBytes) ??
    checkUpload(c.req.raw.headers, inHand?.body, order.bodyBytes, maxLatentBytes(model))
  if (unacceptable) return err(unacceptable)
  return ok({
    order,
    inHand,
    begun: undefined,
    inspect: (body) => inspect(body, query, model, config.models.all),
  })
}
