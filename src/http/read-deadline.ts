import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { MAX_DEADLINE_MS, MIN_DEADLINE_MS, parseDeadline } from '../wire/deadline.ts'
import { HEADER } from '../wire/headers.ts'

/**
 * Time that the client gives its request, from the last byte of the upload to the first of the answer; undefined where it
 * leaves that to the gateway.
 */
export function readDeadline(headers: Headers): Result<number | undefined, Problem> {
  const text = headers.get(HEADER.deadline)
  if (text === null) return ok(undefined)
  const deadlineMs = parseDeadline(text)
  if (deadlineMs !== undefined) return ok(deadlineMs)
  const range = `${MIN_DEADLINE_MS} to ${MAX_DEADLINE_MS}`
  return err(
    problem('invalid-header', `Expected ${HEADER.deadline} to be a whole number of milliseconds, ${range}.`),
  )
}
