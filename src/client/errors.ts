/** What a request can fail of. All but aborts, which reject with the signal's reason as `fetch` does. */
import type { ProblemDocument } from './problem.ts'

export interface Failure {
  readonly message: string
  /** Of the problem document, or `unreachable`, `broke-off`, `incomplete-answer`, `deadline-exceeded`, `unexpected-answer`. */
  readonly code: string
  readonly status?: number | undefined
  readonly problem?: ProblemDocument | undefined
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

export class VaeGatewayError extends Error {
  override readonly name: string = 'VaeGatewayError'
  /** Stable; `/problems/{code}` of the gateway explains it. */
  readonly code: string
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined
  /** What the gateway said, whole; undefined where it did not. */
  readonly problem: ProblemDocument | undefined
  /** A sentence with the facts of the case; empty where the gateway said none. */
  readonly detail: string
  /** Finds the request in the gateway's log. */
  readonly requestId: string | undefined
  /** When a try makes sense, as the gateway estimates it. */
  readonly retryAfterMs: number | undefined
  /** How often the request was sent. */
  attempts = 1

  constructor({ message, code, status, problem, requestId, retryAfterMs, cause }: Failure) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = status
    this.problem = problem
    this.detail = problem?.detail ?? ''
    this.requestId = requestId
    this.retryAfterMs = retryAfterMs
  }
}

/** 4xx: the request cannot be served as it is. */
export class InvalidRequestError extends VaeGatewayError {
  override readonly name = 'InvalidRequestError'
}

/** 401 and 403: no good key, or one whose plan leaves this out. */
export class AuthenticationError extends VaeGatewayError {
  override readonly name = 'AuthenticationError'
}

/** 429: the key has used what it may for now. */
export class RateLimitError extends VaeGatewayError {
  override readonly name = 'RateLimitError'
}

/** 503: the gateway or its backends are short, or starting. */
export class UnavailableError extends VaeGatewayError {
  override readonly name = 'UnavailableError'
}

/** Any other 5xx: the gateway or its backends failed. */
export class BackendError extends VaeGatewayError {
  override readonly name = 'BackendError'
}

/** No answer within the deadline, by the gateway's clock or this one. */
export class DeadlineError extends VaeGatewayError {
  override readonly name = 'DeadlineError'
}

/** `unreachable`: no answer came. `broke-off`, `incomplete-answer`: not all of one. */
export class ConnectionError extends VaeGatewayError {
  override readonly name = 'ConnectionError'
}

/** Something answered that is no gateway, or no longer speaks this protocol. */
export class UnexpectedAnswerError extends VaeGatewayError {
  override readonly name = 'UnexpectedAnswerError'
}

/** The class for an answer that is none of the picture. */
export function errorOfStatus(failure: Failure & { readonly status: number }): VaeGatewayError {
  const { status, code } = failure
  if (code === 'deadline-exceeded') return new DeadlineError(failure)
  if (status === 401 || status === 403) return new AuthenticationError(failure)
  if (status === 429) return new RateLimitError(failure)
  if (status === 503) return new UnavailableError(failure)
  if (!failure.problem) return new UnexpectedAnswerError(failure)
  return status >= 500 ? new BackendError(failure) : new InvalidRequestError(failure)
}
