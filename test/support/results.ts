/** The two sides of a Result, for tests that know which one they expect. */
import type { Result } from '../../src/lib/result.ts'

export function expectValue<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value
  throw new Error(`Expected a value, got the error ${JSON.stringify(result.error)}`)
}

export function expectError<E>(result: Result<unknown, E>): E {
  if (!result.ok) return result.error
  throw new Error(`Expected an error, got the value ${JSON.stringify(result.value)}`)
}
