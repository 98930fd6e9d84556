import type { Context } from 'hono'
import { problem, problemResponse } from '../errors/problem.ts'
import { type EventSink, logEvents } from '../telemetry/events.ts'
import type { AppContext, AppEnv } from './context.ts'

export const notFound = (c: AppContext): Response =>
  problemResponse(problem('not-found', 'Nothing is served at this path.'), c.var.requestId)

/** For a path that exists, but not for this method. */
export const methodNotAllowed =
  (allow: string) =>
  (c: AppContext): Response => {
    const detail = `Expected ${allow.replaceAll(', ', ' or ')}.`
    return problemResponse(problem('method-not-allowed', detail, { headers: { allow } }), c.var.requestId)
  }

/** Where an error came from. Its message is left out: it might quote what it choked on. */
const framesOf = (error: Error): string[] =>
  (error.stack ?? '').split('\n').flatMap((line) => (/^\s+at /.test(line) ? [line.trim()] : []))

/** A fault of our own: its kind goes to the log, and nothing but the request id to the client. */
export function internalError(error: Error, c: Context<AppEnv>): Response {
  const { requestId, ambient, services } = c.var
  // It may be what makes services that failed.
  const events: EventSink = services?.events ?? logEvents(requestId, ambient.wallNow)
  events.emit({ kind: 'internal-error', error: error.name, at: framesOf(error) })
  return problemResponse(problem('internal-error', 'The gateway failed.'), requestId)
}
