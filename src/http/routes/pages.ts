import { createMiddleware } from 'hono/factory'
import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { notFound } from '../errors.ts'
import { fetchAsset } from '../fetch-asset.ts'
import { PAGE_HEADERS } from '../page-headers.ts'

/**
 * GET /, /docs, /dashboard, /assets/*: pages for people and their files. Their etags change with them, so a browser may
 * keep them and asks each time.
 */
export async function page(c: AppContext): Promise<Response> {
  const path = c.req.path.replace(/(?<=.)\/+$/, '')
  const file = await fetchAsset(c, path)
  if (!file) return problemResponse(problem('not-found', 'There is no such page.'), c.var.requestId)
  const headers = { ...Object.fromEntries(file.headers), ...PAGE_HEADERS }
  return new Response(file.body, { status: file.status, headers })
}

/**
 * A page for operators holds nothing until it is given the admin token, so anybody may have it; but where there is no
 * admin API it would be of no use to anybody.
 */
export const whereOperatorsAre = createMiddleware<AppEnv>((c, next) =>
  c.var.services.adminDigest ? next() : Promise.resolve(notFound(c)),
)
