import { readCredential } from '../auth/credentials.ts'
import type { Plan } from '../config.ts'
import { type Problem, problem, unauthorized } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { anonymousAccount } from '../limits/anonymous.ts'
import { badCredential } from './bad-credential.ts'
import { networkOfClient } from './client-address.ts'
import type { Services } from './context.ts'

/** Who asks. The key itself is forgotten here. */
export interface Caller {
  /** For the log. All who have no key share a name there. */
  readonly keyId: string
  /** The name of the object that keeps its account; the pool is fair between these. */
  readonly account: string
  readonly plan: Plan
}

/**
 * One answer for keys that are missing, malformed, forged and expired, so that nothing can be learnt from it. Without
 * any credential the anonymous plan counts, where there is one.
 *
 * @param pathKey the key of `/k/{key}/…`, which wins over headers
 * @param wallNow milliseconds since 1970, which the last day of a key goes by
 */
export async function authenticate(
  request: Request,
  pathKey: string | undefined,
  services: Services,
  wallNow: number,
): Promise<Result<Caller, Problem>> {
  const { keyRing, config } = services
  const text = pathKey ?? readCredential(request.headers)
  if (text === undefined && config.anonymous) {
    const network = networkOfClient(request, config.knowsAddresses)
    const account = anonymousAccount(network === undefined ? undefined : await keyRing.pseudonym(network))
    return ok({ keyId: 'anonymous', account, plan: config.anonymous })
  }
  const verified = text === undefined ? undefined : await keyRing.verify(text, wallNow)
  if (!verified?.ok) return err(await badCredential(request, services, unauthorized()))
  const { keyId, plan } = verified.value
  const known = config.plans.get(plan)
  if (!known) return err(problem('forbidden', 'The plan of this key is not configured here.'))
  return ok({ keyId, account: keyId, plan: known })
}
