import { type Problem, problem } from '../errors/problem.ts'
import type { QueryError } from '../wire/query-fields.ts'

/** What is wrong with a query, in words. */
export function queryProblem(error: QueryError): Problem {
  const { parameter } = error
  switch (error.reason) {
    case 'duplicate':
      return problem('duplicate-parameter', `Expected ${parameter} once.`)
    case 'missing':
      return problem('invalid-parameter', `Expected ${parameter}: ${error.expected}. It is missing.`)
    case 'invalid':
      return problem('invalid-parameter', `Expected ${parameter} to be ${error.expected}.`)
  }
}
