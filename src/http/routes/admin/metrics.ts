import { EXPOSITION_TYPE, exposition } from '../../../telemetry/exposition.ts'
import type { AppContext } from '../../context.ts'

/** GET /metrics, as Prometheus reads it. */
export const showMetrics = async (c: AppContext): Promise<Response> =>
  c.body(exposition(await c.var.services.admin().metrics()), 200, { 'content-type': EXPOSITION_TYPE })

/** GET /v1/admin/metrics: the same numbers in JSON. */
export const listMetrics = async (c: AppContext): Promise<Response> =>
  c.json({ metrics: await c.var.services.admin().metrics() })
