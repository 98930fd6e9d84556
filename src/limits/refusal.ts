/** What a client is told that its key's limits refuse. */
import type { ProblemCode } from '../errors/codes.ts'
import { type Problem, problem, unauthorized } from '../errors/problem.ts'
import { rateLimitHeaders } from './headers.ts'
import type { PolicyName, Refusal } from './protocol.ts'

/** The one that lasts longest names the problem. */
const GRAVEST_FIRST: readonly PolicyName[] = ['month', 'megapixels', 'requests', 'concurrency']

const CODES: Readonly<Record<PolicyName, ProblemCode>> = {
  requests: 'too-many-requests',
  megapixels: 'too-many-megapixels',
  concurrency: 'too-many-at-once',
  month: 'month-used-up',
}

/** Clients that are told the same moment come back together; so they are spread over as much as a tenth more. */
const SPREAD = 0.1
const MAX_SPREAD_S = 5

/** @param chance in [0, 1) */
export function refusalProblem(refusal: Refusal, chance: number): Problem {
  switch (refusal.why) {
    case 'revoked':
      return unauthorized()
    case 'model':
      return problem('forbidden', 'This key may not use this model.')
    case 'limit': {
      const { policies, quotas, retryAfterMs } = refusal
      const gravest = GRAVEST_FIRST.find((policy) => policies.includes(policy)) ?? 'requests'
      const headers = rateLimitHeaders(quotas)
      const bound = describe(refusal, gravest)
      if (retryAfterMs === Number.POSITIVE_INFINITY) {
        return problem('exceeds-plan', `This key may ask for ${bound}, and this decode alone is more.`, {
          headers,
          violatedPolicies: policies,
        })
      }
      return problem(CODES[gravest], `This key may ask for ${bound}.`, {
        headers,
        violatedPolicies: policies,
        retryAfterSeconds: retryAfterSeconds(retryAfterMs, chance),
      })
    }
  }
}

/** Never earlier than there is room. */
export function retryAfterSeconds(ms: number, chance: number): number {
  const seconds = Math.max(1, Math.ceil(ms / 1_000))
  return seconds + Math.round(chance * Math.min(MAX_SPREAD_S, Math.max(1, seconds * SPREAD)))
}

function describe({ quotas }: Refusal & { why: 'limit' }, policy: PolicyName): string {
  const limit = quotas.find((quota) => quota.policy === policy)?.limit ?? 0
  switch (policy) {
    case 'requests':
      return `${limit} requests a minute`
    case 'megapixels':
      return `${limit} megapixels a minute`
    case 'concurrency':
      return `${limit} requests at a time`
    case 'month':
      return `${limit} megapixels a month`
  }
}
