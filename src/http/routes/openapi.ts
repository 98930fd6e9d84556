import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'
import { fetchAsset } from '../fetch-asset.ts'

/** GET /openapi.json: what this gateway serves, written when it was built; the admin API only where there is one. */
export async function showOpenapi(c: AppContext): Promise<Response> {
  const variant = c.var.services.adminDigest === undefined ? 'public' : 'admin'
  const file = await fetchAsset(c, `/openapi/${variant}.json`)
  if (!file)
    return problemResponse(problem('not-found', 'This gateway was deployed without assets.'), c.var.requestId)
  const headers = new Headers(file.headers)
  headers.set('cache-control', 'public, max-age=300')
  return new Response(file.body, { status: file.status, headers })
}
