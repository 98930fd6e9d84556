import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'
import { pageHeaders } from '../page-headers.ts'

/**
 * GET /, /docs, /assets/*: pages for people and their files. Their etags change with them, so a browser may keep them and
 * asks each time. Raw workerd has no assets, and the API needs none.
 */
export async function page(c: AppContext): Promise<Response> {
  const url = new URL(c.req.url)
  // With one at the end the platform would send the browser to the other path.
  url.pathname = url.pathname.replace(/(?<=.)\/+$/, '')
  const file = await c.env.ASSETS?.fetch(new Request(url, c.req.raw))
  if (file && (file.ok || file.status === 304)) {
    const headers = { ...Object.fromEntries(file.headers), ...pageHeaders(url.pathname) }
    return new Response(file.body, { status: file.status, headers })
  }
  return problemResponse(problem('not-found', 'There is no such page.'), c.var.requestId)
}
