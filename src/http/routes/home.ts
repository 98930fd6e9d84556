import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'

/** GET /: the page for people, a static file. Raw workerd has no assets; an API needs none. */
export async function home(c: AppContext): Promise<Response> {
  const page = await c.env.ASSETS?.fetch(c.req.raw)
  return page ?? problemResponse(problem('not-found', 'This installation has no pages.'), c.var.requestId)
}
