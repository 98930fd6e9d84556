import type { AppContext } from '../context.ts'
import { openapiDocument } from '../openapi/document.ts'

/** Made once per isolate: it takes milliseconds, and env does not change. */
let text: string | undefined

/** GET /openapi.json: what this gateway serves; the admin API only where there is one. */
export function showOpenapi(c: AppContext): Response {
  text ??= JSON.stringify(openapiDocument(c.var.services.adminDigest !== undefined))
  return c.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' })
}
