/** The admin API as this page asks it: every way to fail is a value. */
import { err, ok, type Result } from '../../../src/lib/result.ts'

export type Failure =
  /** Nobody answers, or not in time, or not the gateway. */
  | { readonly kind: 'unreachable' }
  /** The token is none of this gateway. */
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'problem'
      readonly code: string
      readonly title: string
      readonly detail: string
      readonly requestId: string
      /** 0 where the gateway says nothing of it. */
      readonly retryAfterMs: number
    }

/** A probe waits ten seconds for what it finds. */
const PATIENCE_MS = 15_000

/** @param path below `/v1/admin` */
export async function ask<T>(
  token: string,
  path: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<Result<T, Failure>> {
  try {
    const response = await fetch(`/v1/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const body: unknown = await response.json()
    return response.ok ? ok(body as T) : err(failureOf(response, body))
  } catch {
    return err({ kind: 'unreachable' })
  }
}

/** @param body a problem document, if it is the gateway that answers */
export function failureOf({ status, headers }: Pick<Response, 'status' | 'headers'>, body: unknown): Failure {
  if (status === 401) return { kind: 'refused' }
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (name: string): string => (typeof said[name] === 'string' ? said[name] : '')
  if (text('code') === '') return { kind: 'unreachable' }
  return {
    kind: 'problem',
    code: text('code'),
    title: text('title'),
    detail: text('detail'),
    requestId: text('requestId'),
    retryAfterMs: (Number(headers.get('retry-after')) || 0) * 1000,
  }
}
