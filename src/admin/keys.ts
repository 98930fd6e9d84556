/**
 * What an operator does with keys. The object of a key decides what becomes of its requests; the directory only lists
 * keys. Whatever fails in between, no key is handed out that is not recorded in both, and sending again mends the rest.
 */
import type * as z from 'zod'
import { planFingerprint } from '../auth/api-key.ts'
import type { KeyRing } from '../auth/key-ring.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import type { Registry } from '../models/registry.ts'
import type { createKeySchema, Key, KeyDetail, KeyPage, MintedKey, Usage } from './contract.ts'
import { formatCursor } from './cursor.ts'
import { draftKey } from './draft.ts'
import { KeyObjects, type KeyObjectsParts } from './key-objects.ts'
import { stateOf, unrecorded, viewOf } from './key-view.ts'
import type { PagePosition } from './protocol.ts'

const HOUR_MS = 3_600_000

const REVOKED_UNLISTED = 'The key is revoked, but the list of keys does not say so yet; send it again.'
const NOT_RECORDED =
  'This key was minted elsewhere, so its plan is not known here: it can be revoked, not rotated.'

export interface KeyDeskParts extends KeyObjectsParts {
  readonly models: Registry
  readonly keyRing: Pick<KeyRing, 'mint'>
  readonly ambient: Pick<Ambient, 'wallNow' | 'after' | 'randomUuid'>
}

type Answer<T> = Promise<Result<T, Problem>>

export class KeyDesk {
  readonly #parts: KeyDeskParts
  readonly #objects: KeyObjects

  constructor(parts: KeyDeskParts) {
    this.#parts = parts
    this.#objects = new KeyObjects(parts)
  }

  async create(wanted: z.output<typeof createKeySchema>): Answer<MintedKey> {
    const { ambient, plans, models } = this.#parts
    const drafted = draftKey(wanted, this.#newId(), plans.values(), models, ambient.wallNow())
    if (!drafted.ok) return drafted
    const record = drafted.value
    const configured = await this.#objects.configure(record)
    if (!configured.ok) return configured
    const listed = await this.#objects.list(record)
    return listed.ok ? this.#handOut(record) : listed
  }

  async page(limit: number, after: PagePosition | null): Answer<KeyPage> {
    const page = await this.#objects.page(limit, after)
    if (!page.ok) return page
    const { records, next } = page.value
    const now = this.#parts.ambient.wallNow()
    return ok({ keys: records.map((record) => viewOf(record, now)), cursor: next && formatCursor(next) })
  }

  async show(id: string): Answer<KeyDetail> {
    const found = await this.#objects.find(id)
    if (!found.ok) return found
    const { record, quotas, inFlight } = found.value
    const view = viewOf(record ?? unrecorded(id), this.#parts.ambient.wallNow())
    return ok({ ...view, quotas: [...quotas], inFlight })
  }

  /** A new key in the place of one that is good; that one stays so for the grace, in hours. */
  async rotate(id: string, graceHours: number): Answer<MintedKey> {
    const { ambient } = this.#parts
    const found = await this.#objects.find(id)
    if (!found.ok) return found
    const { record: old } = found.value
    if (!old || old.plan === '') return err(problem('unknown-key', NOT_RECORDED))
    const now = ambient.wallNow()
    const state = stateOf(old, now)
    // One in its grace may be rotated again: the answer to the first time may never have come.
    if (state !== 'active' && state !== 'grace') {
      return err(problem('key-not-active', `Expected a key that is active, not ${state}.`))
    }
    const next: KeyRecord = { ...old, id: this.#newId(), createdAt: now, revokedAt: null, rotatedTo: null }
    const revokedAt = Math.min(old.revokedAt ?? Number.POSITIVE_INFINITY, now + graceHours * HOUR_MS)
    const ending = { ...old, revokedAt, rotatedTo: next.id }
    const configured = await this.#objects.configure(next)
    if (!configured.ok) return configured
    const listed = await this.#objects.list(next, ending)
    if (!listed.ok) return listed
    // Last, so that a rotation that failed on its way has taken nothing from the holder of the old key.
    const ended = await this.#objects.configure(ending)
    return ended.ok ? this.#handOut(next) : ended
  }

  /** Takes effect with the next request. May be said again: the first moment stays. */
  async revoke(id: string): Answer<Key> {
    const { ambient } = this.#parts
    const found = await this.#objects.find(id)
    if (!found.ok) return found
    const now = ambient.wallNow()
    const known = found.value.record ?? unrecorded(id)
    const revokedAt = Math.min(known.revokedAt ?? now, now)
    const record = { ...known, revokedAt }
    const configured = await this.#objects.configure(record)
    if (!configured.ok) return configured
    const listed = await this.#objects.list(record)
    if (!listed.ok) return err(problem('directory-unavailable', REVOKED_UNLISTED))
    return ok(viewOf(record, now))
  }

  /** @param days at most, today among them */
  async usage(id: string, days: number): Answer<Usage> {
    const used = await this.#objects.usage(id, days)
    return used.ok ? ok({ id, days: [...used.value] }) : used
  }

  #newId(): string {
    // Digits of a UUID that chance alone decides.
    const digits = this.#parts.ambient.randomUuid().split('-')
    return `${digits[0]}${digits[4]}`.slice(0, 16)
  }

  /** The only place where a key is made. */
  async #handOut(record: KeyRecord): Answer<MintedKey> {
    const { keyRing, ambient } = this.#parts
    const { id: keyId, expiryDay, plan } = record
    const key = await keyRing.mint({ keyId, expiryDay, plan: planFingerprint(plan) })
    return ok({ ...viewOf(record, ambient.wallNow()), key })
  }
}
