/** The peppers that sign keys: the newest signs, all of them verify, so that they can be rotated. */
import { fromBase64, timingSafeEqual } from '../lib/bytes.ts'
import { ExpiringMap } from '../lib/expiring-map.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { formatKey, isExpired, type KeyPayload, packPayload, parseKey, TAG_BYTES } from './api-key.ts'

const MIN_PEPPER_BYTES = 16

/** Keys that a ring knows again, and how long at most: a key that is used says who it is a hundred times a minute. */
const REMEMBERED = 1_000
const REMEMBER_MS = 60_000

/** A pepper's id, 0 to 255, and its secret bytes. */
export type Pepper = readonly [id: number, secret: Uint8Array<ArrayBuffer>]

/** Why a key is refused. Clients are told none of these apart. */
export type KeyRefusal = 'malformed' | 'unknown-pepper' | 'forged' | 'expired'

/**
 * The pepper texts of `KEY_SECRETS`, newest first: a JSON object of pepper id (0 to 255) to base64.
 *
 * @returns pairs in the order of the text, or what was expected. JavaScript orders numeric keys by value, which
 * would lose "newest first", hence the order is taken from the text.
 */
export function parsePeppers(text: string): Result<readonly Pepper[], string> {
  let peppers: unknown
  try {
    peppers = JSON.parse(text)
  } catch {
    return err('a JSON object of pepper id to base64, such as {"1":"…"}')
  }
  if (typeof peppers !== 'object' || peppers === null || Array.isArray(peppers)) {
    return err('a JSON object of pepper id to base64, such as {"1":"…"}')
  }
  const entries = Object.entries(peppers).map(([id, value]) => [id, text.indexOf(`"${id}"`), value] as const)
  entries.sort((a, b) => a[1] - b[1])
  if (entries.length === 0) return err('at least one pepper')
  const parsed: Pepper[] = []
  for (const [id, , value] of entries) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(id) || Number(id) > 255) return err('pepper ids from 0 to 255')
    const bytes = typeof value === 'string' ? fromBase64(value) : null
    if (!bytes || bytes.length < MIN_PEPPER_BYTES) {
      return err(`base64 of at least ${MIN_PEPPER_BYTES} random bytes for pepper ${id}`)
    }
    parsed.push([Number(id), bytes])
  }
  return ok(parsed)
}

export class KeyRing {
  readonly #peppers: ReadonlyMap<number, CryptoKey>
  readonly #newest: number
  /** In memory, for a minute, as long as the isolate lives. */
  readonly #verified = new ExpiringMap<KeyPayload>(REMEMBERED)

  private constructor(peppers: ReadonlyMap<number, CryptoKey>, newest: number) {
    this.#peppers = peppers
    this.#newest = newest
  }

  /** @param peppers as `parsePeppers` returns them: the newest first, at least one */
  static async import(peppers: readonly Pepper[]): Promise<KeyRing> {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const imported = await Promise.all(
      peppers.map(
        async ([id, bytes]) =>
          [id, await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])] as const,
      ),
    )
    const [newest] = imported
    if (!newest) throw new RangeError('A key ring needs at least one pepper.')
    return new KeyRing(new Map(imported), newest[0])
  }

  /** A new key under the newest pepper. */
  async mint(key: Omit<KeyPayload, 'pepperId'>): Promise<string> {
    const payload = packPayload({ ...key, pepperId: this.#newest })
    return formatKey(payload, await this.#tag(this.#newest, payload))
  }

  /**
   * The payload of a key that one of our peppers signed and that has not expired at `now`. Good keys are known again
   * for a minute; whether one is revoked is not asked here, and asked each time.
   */
  async verify(text: string, now: number): Promise<Result<KeyPayload, KeyRefusal>> {
    const known = this.#verified.get(text, now)
    if (known) return isExpired(known, now) ? err('expired') : ok(known)
    const key = parseKey(text)
    if (!key) return err('malformed')
    const { payload, payloadBytes, tag } = key
    if (!this.#peppers.has(payload.pepperId)) return err('unknown-pepper')
    if (!timingSafeEqual(await this.#tag(payload.pepperId, payloadBytes), tag)) return err('forged')
    if (isExpired(payload, now)) return err('expired')
    this.#verified.set(text, payload, now + REMEMBER_MS)
    return ok(payload)
  }

  /** A name that stands for a text and gives nothing of it away: 32 hexadecimal digits, as long as the newest pepper is. */
  async pseudonym(text: string): Promise<string> {
    const bytes = Uint8Array.from(new TextEncoder().encode(`pseudonym:${text}`))
    const tag = await this.#tag(this.#newest, bytes)
    return [...tag].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  async #tag(pepperId: number, payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const pepper = this.#peppers.get(pepperId)
    if (!pepper) throw new RangeError(`No pepper ${pepperId}.`)
    return new Uint8Array(await crypto.subtle.sign('HMAC', pepper, payload)).subarray(0, TAG_BYTES)
  }
}
