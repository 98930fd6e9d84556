/** Problem documents (RFC 9457), as the gateway answers what it does not serve. */

export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  /** A sentence with the facts of the case and what was expected. */
  readonly detail: string
  readonly code: string
  readonly requestId: string
  /** Names of the limits that the request does not fit in. */
  readonly 'violated-policies'?: readonly string[]
}

/** Undefined when the text is no problem document of a gateway. */
export function readProblem(text: string): ProblemDocument | undefined {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { type, title, status, detail, code, requestId } = value as Record<string, unknown>
  if (typeof code !== 'string' || typeof detail !== 'string') return undefined
  const whole = {
    type: textOf(type),
    title: textOf(title),
    status: Number(status),
    requestId: textOf(requestId),
  }
  return { ...value, ...whole, detail, code }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Undefined when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
