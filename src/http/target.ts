/** What a request is for, as its first line and its Host say it. */
import { createMiddleware } from 'hono/factory'
import { getPath } from 'hono/utils/url'
import { problem, problemResponse } from '../errors/problem.ts'
import type { AppEnv } from './context.ts'

/**
 * The path that counts. Clients that put a base URL and a path together leave a slash too much at the seam or at the end, and
 * mean the same as without.
 */
export const pathOf = (request: Request): string => {
  const path = getPath(request).replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** A name or an address, and perhaps a port. What a URL allows beyond that names no machine. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** @param host as the header has it; two of them are one with a comma */
export const isHost = (host: string): boolean => HOST.test(host) && URL.canParse(`http://${host}/`)

/** Refuses what cannot be a place to send requests to: links that are told to the client are made of it. */
export const requireHost = createMiddleware<AppEnv>(async (c, next) => {
  const host = c.req.header('host')
  if ((host === undefined || isHost(host)) && URL.canParse(c.req.raw.url)) return next()
  const detail = 'Expected Host, and the URL, to name a host and at most a port.'
  return problemResponse(problem('invalid-header', detail), c.var.requestId)
})
