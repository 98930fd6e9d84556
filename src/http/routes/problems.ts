import { isProblemCode, problemCodes, problemKind } from '../../errors/codes.ts'
import { problem, problemResponse } from '../../errors/problem.ts'
import type { AppContext } from '../context.ts'
import { explain } from '../explain.ts'

/** GET /problems/{code}: what a `type` in a problem document means. */
export function showProblem(c: AppContext): Response | Promise<Response> {
  const code = c.req.param('code') ?? ''
  if (isProblemCode(code)) return explain(c, { code, ...problemKind(code) })
  const detail = `Expected one of ${problemCodes.join(', ')}.`
  return problemResponse(problem('not-found', detail), c.var.requestId)
}
