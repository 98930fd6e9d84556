import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'

/** GET /health: the Worker runs. Asks nobody. */
export const health = (c: AppContext): Response => c.json({ status: 'ok' })

/** GET /ready: the configuration is good, and keys that it signs are keys that it accepts. */
export async function ready(c: AppContext): Promise<Response> {
  const { keyRing, ambient, served, config } = c.var.services
  const key = await keyRing.mint({ keyId: '0000000000000000', expiryDay: 0, plan: 0 })
  const verified = await keyRing.verify(key, ambient.wallNow())
  if (!verified.ok) {
    return problemResponse(
      problem('misconfigured', 'The key ring does not accept its own keys.'),
      c.var.requestId,
    )
  }
  const models = new Set([...served.decode, ...served.encode])
  return c.json({ status: 'ready', models: models.size, backends: config.backends.length })
}
