/** What came of a request, and how to read it. */
import { type AnswerFacts, ConnectionError, type Tensor, VaeGatewayError } from '../../../src/client/index.ts'

export interface Problem {
  readonly title: string
  readonly detail: string
  /** Of the gateway's problem document; undefined where it sent none. */
  readonly code: string | undefined
  readonly requestId: string | undefined
  /** Undefined when nothing answered. */
  readonly status: number | undefined
  readonly tries: number
}

export interface Facts {
  /** From the press of the button, waits and tries included. */
  readonly ms: number
  readonly bytes: number
  readonly tries: number
  readonly answer: AnswerFacts
}

export type Outcome =
  | { readonly kind: 'picture'; readonly url: string; readonly blob: Blob; readonly facts: Facts }
  | { readonly kind: 'latent'; readonly tensor: Tensor; readonly facts: Facts }
  | { readonly kind: 'problem'; readonly problem: Problem }

export function problemOf(error: unknown): Outcome {
  if (!(error instanceof VaeGatewayError)) {
    const detail = error instanceof Error ? error.message : String(error)
    const problem = { title: 'This was not sent', detail, tries: 0 }
    return {
      kind: 'problem',
      problem: { ...problem, code: undefined, requestId: undefined, status: undefined },
    }
  }
  const { status, requestId, attempts: tries, problem: said } = error
  return {
    kind: 'problem',
    problem: {
      title: said?.title ?? titleOf(error),
      detail: said?.detail ?? detailOf(error),
      code: said?.code,
      requestId,
      status,
      tries,
    },
  }
}

function titleOf({ code, status }: VaeGatewayError): string {
  if (code === 'unreachable') return 'The gateway cannot be reached'
  return status === undefined ? 'The answer broke off' : `Status ${status}, and not from a gateway`
}

const detailOf = (error: VaeGatewayError): string =>
  error instanceof ConnectionError
    ? 'Is it running, and is this machine online? Try again in a moment.'
    : 'Something between this page and the gateway answered in its place.'

export const sizeOf = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 ** 2
      ? `${(bytes / 1024).toFixed(1)} KB`
      : `${(bytes / 1024 ** 2).toFixed(1)} MB`

export const timeOf = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`

/** `png` of `image/png`, `jpg` of `image/jpeg`. */
export const extensionOf = (type: string): string => type.replace(/^.*\//, '').replace('jpeg', 'jpg')

/** Of a file's name, without what stands behind its last dot. */
export const stemOf = (name: string): string => name.replace(/\.\w+$/, '')
