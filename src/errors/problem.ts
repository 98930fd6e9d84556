import { type ProblemCode, problemKind } from './codes.ts'

/** A failed request as a value: made where the cause is known, turned into a response once. */
export interface Problem {
  readonly code: ProblemCode
  /** A sentence with the facts of this case and what was expected. No secrets, no payload, no upstream text. */
  readonly detail: string
  /** Whole seconds after which a try makes sense. */
  readonly retryAfterSeconds?: number
  /** Headers the status requires, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>
  /** Names of the rate limits that the request does not fit in, as in `RateLimit-Policy`. */
  readonly violatedPolicies?: readonly string[]
}

export function problem(
  code: ProblemCode,
  detail: string,
  extra?: Omit<Problem, 'code' | 'detail'>,
): Problem {
  return { code, detail, ...extra }
}

/** The one answer to every key that is not good, whatever is wrong with it, so that nothing can be learnt from it. */
export const unauthorized = (): Problem =>
  problem(
    'unauthorized',
    'Expected a valid API key, as Authorization: Bearer KEY, or in the URL: https://x:KEY@HOST/ or https://HOST/k/KEY/.',
    { headers: { 'www-authenticate': 'Bearer' } },
  )

/** Whether it is the gateway or a backend that failed, and not the client or its share. */
export const isOurs = ({ code }: Problem): boolean => problemKind(code).status >= 500

/**
 * RFC 9457 problem details. `error` repeats the essence, because the clients of this protocol raise
 * `response.json()` and look for it.
 */
export function problemResponse(problem: Problem, requestId: string): Response {
  const { status, title } = problemKind(problem.code)
  const headers = new Headers({ ...problem.headers, 'content-type': 'application/problem+json' })
  if (problem.retryAfterSeconds !== undefined) headers.set('retry-after', String(problem.retryAfterSeconds))
  const body = {
    type: `/problems/${problem.code}`,
    title,
    status,
    detail: problem.detail,
    code: problem.code,
    requestId,
    error: `${title}: ${problem.detail}`,
    ...(problem.violatedPolicies && { 'violated-policies': problem.violatedPolicies }),
  }
  return new Response(JSON.stringify(body), { status, headers })
}
