import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import { carriesToken, tokenOf } from '../auth/admin-token.ts'
import { problem, problemResponse } from '../errors/problem.ts'
import { sleep } from '../lib/sleep.ts'
import { badCredential } from './bad-credential.ts'
import { networkOfClient } from './client-address.ts'
import type { AppContext, AppEnv } from './context.ts'
import { notFound } from './errors.ts'

/** What is the operator's alone, and closed to pages of other origins. */
export const isAdminPath = (path: string): boolean =>
  path === '/v1/admin' || path.startsWith('/v1/admin/') || path === '/metrics' || path === '/metrics/'

/**
 * Lets operators in. Where no admin token is set there is nothing here; where there is one, one answer for tokens that
 * are missing and wrong, whatever the path; it is late after many wrong ones. Each request leaves one line in the log.
 */
export const onlyOperators = createMiddleware<AppEnv>(async (c, next) => {
  const { services, requestId } = c.var
  const { adminDigest } = services
  if (!adminDigest) return notFound(c)
  if (await carriesToken(c.req.raw.headers, adminDigest)) await next()
  else {
    await holdUp(c)
    const challenge = { headers: { 'www-authenticate': 'Bearer' } }
    const detail = 'Expected the admin token, as Authorization: Bearer TOKEN.'
    const refusal = problem('unauthorized', detail, challenge)
    c.res = problemResponse(await badCredential(c.req.raw, services, refusal), requestId)
  }
  record(c)
})

async function holdUp(c: AppContext): Promise<void> {
  const { ambient, config, guesses } = c.var.services
  const { headers, signal } = c.req.raw
  if (tokenOf(headers) === '') return
  const ms = guesses.note(networkOfClient(c.req.raw, config.knowsAddresses), ambient.now())
  if (ms > 0) await sleep(ms, ambient, signal)
}

function record(c: AppContext): void {
  const { services, startedAt, subject } = c.var
  const { ambient, events } = services
  const { status } = c.res
  // The pattern and not the path, which may hold anything; and not that of models, which fits as well.
  const route = matchedRoutes(c).findLast(({ path }) => isAdminPath(path))?.path ?? ''
  const what = status === 401 || status === 429 ? {} : { method: c.req.method, route }
  events.emit({ kind: 'admin', status, ...what, ...(subject && { subject }), ms: ambient.now() - startedAt })
}
