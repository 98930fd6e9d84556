import { readCredential } from '../auth/credentials.ts'
import type { Plan } from '../config.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Installation } from './context.ts'

/** Who asks. The key itself is forgotten here. */
export interface Caller {
  readonly keyId: string
  readonly plan: Plan
}

/**
 * One answer for keys that are missing, malformed, forged and expired, so that nothing can be learnt from it.
 *
 * @param pathKey the key of `/k/{key}/…`, which wins over headers
 */
export async function authenticate(
  headers: Headers,
  pathKey: string | undefined,
  { keyRing, config }: Installation,
  now: number,
): Promise<Result<Caller, Problem>> {
  const text = pathKey ?? readCredential(headers)
  const verified = text === undefined ? undefined : await keyRing.verify(text, now)
  if (!verified?.ok) {
    const challenge = { headers: { 'www-authenticate': 'Bearer' } }
    return err(problem('unauthorized', 'Expected a valid API key, as Authorization: Bearer KEY.', challenge))
  }
  const { keyId, plan } = verified.value
  const known = config.plans.get(plan)
  if (!known) return err(problem('forbidden', 'The plan of this key is not configured here.'))
  return ok({ keyId, plan: known })
}
