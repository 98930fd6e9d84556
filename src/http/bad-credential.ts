import type { Problem } from '../errors/problem.ts'
import { problem } from '../errors/problem.ts'
import { FLOOR_PERIOD_S, isFlooding } from '../limits/abuse-floor.ts'
import { networkOfClient } from './client-address.ts'
import type { Services } from './context.ts'

/** What is told to somebody without a good key or token: the one refusal, or that these were too many. */
export async function badCredential(
  request: Request,
  { config, badKeys, events }: Services,
  refusal: Problem,
): Promise<Problem> {
  const network = networkOfClient(request, config.knowsAddresses)
  const uncounted = (): void => events.emit({ kind: 'bad-keys-uncounted' })
  if (!(await isFlooding(badKeys, network, uncounted))) return refusal
  const again = { retryAfterSeconds: FLOOR_PERIOD_S }
  return problem('too-many-bad-keys', 'Expected fewer requests without a valid credential.', again)
}
