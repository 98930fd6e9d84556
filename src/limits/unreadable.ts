/**
 * Keys whose object does not answer: it is away, or its database cannot be read. One that is known to be revoked is refused:
 * by what this isolate has heard of it, or else by the list of keys.
 */
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import { ExpiringMap } from '../lib/expiring-map.ts'
import { isAnonymous } from './anonymous.ts'
import { type KeyRecord, type Refusal, PROTOCOL_VERSION as v } from './protocol.ts'
import { standingOf } from './standing.ts'

/** An object that did not answer is left alone for so long: each request that asks waits. */
const PAUSE_MS = 5_000

/** The list is asked once in a pause, by a request that has waited already. */
const PATIENCE_MS = 1_000

/** Some hundred bytes each. */
const MAX_KEYS = 10_000

export class UnreadableKeys {
  /** For as long as the isolate lives: a revocation is never taken back. */
  readonly #revoked = new ExpiringMap<true>(MAX_KEYS)
  /** What the list says of keys whose objects did not answer. */
  readonly #listed = new ExpiringMap<KeyRecord | null>(MAX_KEYS)

  noteRevoked(account: string): void {
    this.#revoked.set(account, true, Number.POSITIVE_INFINITY)
  }

  isRevoked(account: string): boolean {
    return this.#revoked.get(account, 0) === true
  }

  /** Whether the object of the key did not answer a moment ago. */
  has(account: string, now: number): boolean {
    return this.#listed.get(account, now) !== undefined
  }

  /** Asks the list, if it can be asked. Never rejects. */
  async add(
    account: string,
    find: (keyId: string) => Promise<KeyRecord | null>,
    ambient: Pick<Ambient, 'now' | 'after'>,
  ): Promise<void> {
    const heard = isAnonymous(account) ? undefined : await answerWithin(find(account), PATIENCE_MS, ambient)
    const record = heard?.ok ? heard.value : null
    if (record?.isRevoked) this.noteRevoked(account)
    this.#listed.set(account, record, ambient.now() + PAUSE_MS)
  }

  /** Bounds of this key alone, as far as the list knows them. */
  overridesOf(account: string, now: number): KeyRecord['overrides'] | undefined {
    return this.#listed.get(account, now)?.overrides
  }

  /** What a request is refused for, by what is known; undefined when nothing speaks against it. */
  refusalOf(
    account: string,
    model: string,
    { now, wallNow }: Pick<Ambient, 'now' | 'wallNow'>,
  ): Refusal | undefined {
    const standing = standingOf(this.#listed.get(account, now()) ?? null, model, wallNow())
    return standing === 'good' ? undefined : { ok: false, v, why: standing }
  }
}
