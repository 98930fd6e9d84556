import { problem, problemResponse } from '../../errors/problem.ts'
import { isWarningCode, warningCodes, warningKind } from '../../inspection/codes.ts'
import type { AppContext } from '../context.ts'
import { explain } from '../explain.ts'

/** GET /warnings/{code}: what a code in `x-vae-warning` means, and what to do about it. */
export function showWarning(c: AppContext): Response | Promise<Response> {
  const code = c.req.param('code') ?? ''
  if (isWarningCode(code)) return explain(c, { code, ...warningKind(code) })
  const detail = `Expected one of ${warningCodes.join(', ')}.`
  return problemResponse(problem('not-found', detail), c.var.requestId)
}
