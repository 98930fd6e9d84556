import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'

/** GET / and /assets/*: the page for people and its files. Raw workerd has no assets, and the API needs none. */
export async function page(c: AppContext): Promise<Response> {
  const file = await c.env.ASSETS?.fetch(c.req.raw)
  if (file && file.status !== 404) return new Response(file.body, file)
  return problemResponse(problem('not-found', 'There is no such page.'), c.var.requestId)
}
