/** An answer that is not what was asked for, as an error. */
import { HEADER } from '../../wire/headers.ts'
import { errorOfStatus, type VaeGatewayError } from '../errors.ts'
import { readProblem } from '../problem.ts'
import { parseRetryAfter } from './retry.ts'

/** @param now milliseconds since the epoch */
export async function readRefusal(response: Response, now: number): Promise<VaeGatewayError> {
  const { status, headers } = response
  const problem = readProblem(await response.text().catch(() => ''))
  return errorOfStatus({
    status,
    problem,
    code: problem?.code ?? 'unexpected-answer',
    message: problem
      ? `${problem.title}: ${problem.detail}`
      : `Something answered ${status} that is no gateway; is the endpoint right?`,
    requestId: headers.get(HEADER.requestId) ?? undefined,
    retryAfterMs: parseRetryAfter(headers.get('retry-after'), now),
  })
}
