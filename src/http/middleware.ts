import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { describeProblems } from '../config/problem.ts'
import { problem, problemResponse } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import type { createServices, Invocation } from '../services.ts'
import { logEvents } from '../telemetry/events.ts'
import { HEADER } from '../wire/headers.ts'
import { isAdminPath } from './admin-guard.ts'
import type { AppEnv } from './context.ts'

/** Names the request, and gives every answer the headers that all of them have. */
export const identify = (ambient: Ambient) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const given = c.req.header(HEADER.requestId)
    c.set('requestId', given && /^[\w-]{1,64}$/.test(given) ? given : ambient.randomUuid())
    c.set('startedAt', ambient.now())
    c.set('ambient', ambient)
    await next()
    c.res.headers.set(HEADER.requestId, c.var.requestId)
    c.res.headers.set('x-content-type-options', 'nosniff')
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  })

/** Any page may call the API with a key of its own; cookies play no part, so there is nothing to forge. */
const openToPages = cors({
  origin: '*',
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['authorization', 'content-type', 'x-api-key', HEADER.requestId, HEADER.deadline],
  exposeHeaders: [...Object.values(HEADER), 'retry-after', 'ratelimit', 'ratelimit-policy', 'x-weights'],
  maxAge: 86_400,
})

/** Pages have no business with the admin API. */
export const allowBrowsers = createMiddleware<AppEnv>(async (c, next) => {
  if (isAdminPath(c.req.path)) return next()
  if (c.req.method === 'OPTIONS') return openToPages(c, next)
  await next()
  // Its headers go onto the answer that is there; set before, they would be an answer of their own, and copied.
  await openToPages(c, async () => undefined)
})

/** Absent where the platform does not say, as on a machine of one's own. */
const continentOf = ({ cf }: Request): string | undefined =>
  typeof cf?.continent === 'string' ? cf.continent : undefined

/** Gives the request its services; with a configuration that is refused nothing but `/health` is served. */
export const provide = (create: typeof createServices, previewOf: () => Invocation['preview']) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const { requestId, ambient } = c.var
    const services = await create({
      env: c.env,
      requestId,
      preview: previewOf(),
      continent: continentOf(c.req.raw),
      defer: (task) => c.executionCtx.waitUntil(task),
    })
    if (!services.ok) {
      const problems = describeProblems(services.error)
      logEvents(requestId, ambient.wallNow).emit({ kind: 'misconfigured', problems })
      const detail = 'The configuration is refused; the log of the gateway says what and where.'
      return problemResponse(problem('misconfigured', detail), requestId)
    }
    c.set('services', services.value)
    return next()
  })
