/** Who may operate the gateway: whoever has the admin token, as `Authorization: Bearer`. */

import { timingSafeEqual } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { KEY_PATTERN } from './api-key.ts'

const MIN_CHARS = 16

/**
 * The secret `ADMIN_TOKEN`; undefined when it is not set, or empty.
 *
 * @returns the token, or what was expected
 */
export function readAdminToken(secret: unknown): Result<string | undefined, string> {
  if (secret === undefined || secret === '') return ok(undefined)
  if (typeof secret !== 'string' || secret.length < MIN_CHARS || !/^[!-~]+$/.test(secret)) {
    return err(`at least ${MIN_CHARS} printable characters without spaces`)
  }
  // Whoever holds a key would be an operator.
  return KEY_PATTERN.test(secret) ? err('no API key') : ok(secret)
}

/** SHA-256 of a token. Digests are equally long, so comparing them tells nothing of what they were made from. */
export const digestOf = async (token: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))

/** The token that a request carries; empty without one. */
export const tokenOf = (headers: Headers): string =>
  /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? ''

/**
 * Whether the request carries the token. A missing one takes the same way as a wrong one.
 *
 * @param expected digest of the token that there is
 */
export const carriesToken = async (headers: Headers, expected: Uint8Array): Promise<boolean> =>
  timingSafeEqual(await digestOf(tokenOf(headers)), expected)
