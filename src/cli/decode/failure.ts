/** Why a decode failed, in words for whoever typed the command. */
import { ConnectionError, VaeGatewayError } from '../../client/index.ts'
import { reasonOf } from '../answers.ts'
import { CommandFailure } from '../ending.ts'
import { printable } from '../terminal/table.ts'

/** @param output the file that is not there now */
export function failureOf(error: unknown, output: string, interrupted: AbortSignal): unknown {
  if (interrupted.aborted)
    return new CommandFailure('Interrupted. Nothing was written.', { code: 'interrupted' })
  if (error instanceof ConnectionError) return brokenConnection(error)
  if (error instanceof VaeGatewayError) return refusal(error)
  const { code } = error as NodeJS.ErrnoException
  // A disk that is full is not the gateway’s fault.
  return code?.startsWith('E') ? new CommandFailure(`${output} cannot be written: ${code}.`, { code }) : error
}

function brokenConnection({ code, message, cause }: ConnectionError): CommandFailure {
  if (code === 'unreachable')
    return new CommandFailure(`The gateway cannot be reached: ${reasonOf(cause)}.`, { code })
  const why = cause === undefined ? message : `The answer broke off: ${reasonOf(cause)}.`
  return new CommandFailure(`${why} Nothing was written.`, { code })
}

function refusal({ status, problem, message, code, detail, retryAfterMs }: VaeGatewayError): CommandFailure {
  if (!problem) return new CommandFailure(message, { status, code })
  const { requestId } = problem
  const retryAfterS = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000)
  const again = retryAfterS === undefined ? '' : ` Try again in ${retryAfterS} s.`
  const text = printable(`${code}: ${detail}${again} (request ${requestId})`)
  const facts = { status, code, detail, requestId, ...(retryAfterS !== undefined && { retryAfterS }) }
  return new CommandFailure(text, facts)
}
