/** The gateway's routes in reading order. */
import { type Handler, Hono } from 'hono'
import { onlyOperators } from './http/admin-guard.ts'
import type { AppEnv } from './http/context.ts'
import { internalError, methodNotAllowed, notFound } from './http/errors.ts'
import { hearOut } from './http/hear-out.ts'
import { allowBrowsers, identify, provide } from './http/middleware.ts'
import { showConfig } from './http/routes/admin/config.ts'
import { createKey, listKeys, revokeKey, rotateKey, showKey, showUsage } from './http/routes/admin/keys.ts'
import { listMetrics, showMetrics } from './http/routes/admin/metrics.ts'
import { listPools, orderBackend } from './http/routes/admin/pools.ts'
import { decode, decodeOrEncode, encode } from './http/routes/decode.ts'
import { health, ready } from './http/routes/health.ts'
import { listModels, showModel } from './http/routes/models.ts'
import { showOpenapi } from './http/routes/openapi.ts'
import { page, whereOperatorsAre } from './http/routes/pages.ts'
import { showProblem } from './http/routes/problems.ts'
import { showWarning } from './http/routes/warnings.ts'
import { pathOf, requireHost } from './http/target.ts'
import type { Ambient } from './lib/ambient.ts'
import type { createServices, Invocation } from './services.ts'

export interface Platform {
  readonly ambient: Ambient
  readonly createServices: typeof createServices
  /** The embedded backend of this Worker. */
  readonly preview: () => Invocation['preview']
}

export function createApp({ ambient, createServices, preview }: Platform): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: pathOf })
  const route = (path: string, handlers: { GET?: Handler<AppEnv>; POST?: Handler<AppEnv> }): void => {
    if (handlers.GET) app.get(path, handlers.GET)
    if (handlers.POST) app.post(path, handlers.POST)
    const allow = [...(handlers.GET ? ['GET', 'HEAD'] : []), ...(handlers.POST ? ['POST'] : []), 'OPTIONS']
    app.all(path, methodNotAllowed(allow.join(', ')))
  }

  app.use(hearOut(ambient), identify(ambient), allowBrowsers, requireHost)
  route('/health', { GET: health })
  app.use(provide(createServices, preview))
  route('/ready', { GET: ready })
  route('/v1/models', { GET: listModels })
  route('/v1/models/:id', { GET: showModel })
  route('/problems/:code', { GET: showProblem })
  route('/warnings/:code', { GET: showWarning })
  route('/openapi.json', { GET: showOpenapi })

  app.use('/v1/admin/*', onlyOperators)
  route('/v1/admin/keys', { GET: listKeys, POST: createKey })
  route('/v1/admin/keys/:id', { GET: showKey })
  route('/v1/admin/keys/:id/rotate', { POST: rotateKey })
  route('/v1/admin/keys/:id/revoke', { POST: revokeKey })
  route('/v1/admin/keys/:id/usage', { GET: showUsage })
  route('/v1/admin/pools', { GET: listPools })
  route('/v1/admin/backends/:id/:order', { POST: orderBackend })
  route('/v1/admin/config', { GET: showConfig })
  route('/v1/admin/metrics', { GET: listMetrics })
  app.use('/metrics', onlyOperators)
  route('/metrics', { GET: showMetrics })
  app.use('/dashboard', whereOperatorsAre)
  route('/dashboard', { GET: page })

  for (const prefix of ['', '/k/:key']) {
    route(`${prefix}/v1/decode`, { POST: decode })
    route(`${prefix}/v1/decode/:model`, { POST: decode })
    route(`${prefix}/v1/encode`, { POST: encode })
    route(`${prefix}/v1/encode/:model`, { POST: encode })
  }
  route('/k/:key', { POST: decodeOrEncode })
  route('/k/:key/:model', { POST: decodeOrEncode })
  route('/docs', { GET: page })
  route('/assets/*', { GET: page })
  route('/', { GET: page, POST: decodeOrEncode })
  route('/:model', { POST: decodeOrEncode })

  app.notFound(notFound)
  app.onError(internalError)
  return app
}
