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
import type { KeyRecord, KeyStatus } from '../limits/protocol.ts'
import type { Registry } from '../models/registry.ts'
import type { createKeySchema, Key, KeyDetail, KeyPage, MintedKey, Usage } from './contract.ts'
import { formatCursor } from './cursor.ts'
import { draftKey } from './draft.ts'
import { KeyObjects, type KeyObjectsParts } from './key-objects.ts'
import { stateOf, unrecorded, viewOf } from './key-view.ts'
import type { PagePosition } from './protocol.ts'

const HOUR_MS = 3_600_000

const REVOKED_UNLISTED = 'The key is revoked, but the list of keys does not say so yet; send it again.'
const REVOKED_ON_LIST =
  'The object of the key does not answer. The list of keys says that it is revoked, so it is refused until the object can be read; send it again then.'
const NEVER_SEEN =
  'No key of this id was made here or has been used here. Is it a typing error? A key that was minted elsewhere and never used is revoked with {"isUnseen": true}.'
const REPLACED = 'Expected a key whose replacement has not been used: rotate that one, which is'
const BESIDE = 'The key was rotated by another request meanwhile. No key was handed out.'
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
    const kept = await this.#keep(record)
    return kept.ok ? this.#handOut(record) : kept
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
    if (!(await this.#isKnown(id, found.value))) return err(problem('unknown-key', NEVER_SEEN))
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
    const before = await this.#unused(old.rotatedTo)
    if (!before.ok) return before
    const next: KeyRecord = { ...old, id: this.#newId(), createdAt: now, revokedAt: null, rotatedTo: null }
    const revokedAt = Math.min(old.revokedAt ?? Number.POSITIVE_INFINITY, now + graceHours * HOUR_MS)
    const ending = { ...old, revokedAt, rotatedTo: next.id }
    const unwanted = before.value ? [revokedNow(before.value, now)] : []
    for (const record of [next, ...unwanted]) {
      const configured = await this.#objects.configure(record)
      if (!configured.ok) return configured
    }
    const listed = await this.#objects.list(next, ending, ...unwanted)
    if (!listed.ok) return listed
    // Last, so that a rotation that failed on its way has taken nothing from the holder of the old key.
    const ended = await this.#objects.replace(
      graceHours === 0 ? revokedNow(ending, now) : ending,
      old.rotatedTo,
    )
    if (!ended.ok) return ended
    if (ended.value) return this.#handOut(next)
    // Nobody has this one, nor ever will.
    await this.#keep(revokedNow(next, now))
    return err(problem('key-not-active', BESIDE))
  }

  /**
   * Takes effect with the next request. May be said again: the first moment stays.
   *
   * @param isUnseen whether a key that nothing is known of is meant
   */
  async revoke(id: string, isUnseen = false): Answer<Key> {
    const now = this.#parts.ambient.wallNow()
    const found = await this.#objects.find(id)
    if (!found.ok) return this.#revokeOnList(id, now, found.error)
    if (!isUnseen && !(await this.#isKnown(id, found.value))) return err(problem('unknown-key', NEVER_SEEN))
    const record = revokedNow(found.value.record ?? unrecorded(id), now)
    const configured = await this.#objects.configure(record)
    if (!configured.ok) return this.#revokeOnList(id, now, configured.error)
    this.#parts.noteRevoked(id)
    const listed = await this.#objects.list(record)
    if (!listed.ok) return err(problem('directory-unavailable', REVOKED_UNLISTED))
    return ok(viewOf(record, now))
  }

  /** A key whose object cannot be told is refused by what the list says of it. */
  async #revokeOnList(id: string, now: number, why: Problem): Answer<never> {
    // Whatever can be kept of it: here it counts at once.
    this.#parts.noteRevoked(id)
    const known = await this.#objects.listed(id)
    if (!known.ok) return err(why)
    const listed = await this.#objects.list(revokedNow(known.value ?? unrecorded(id), now))
    if (!listed.ok) return err(why)
    return err(problem('key-unavailable', REVOKED_ON_LIST, { retryAfterSeconds: 1 }))
  }

  /** Whether a key of this id was made here or has been used here; a list that is out of reach says nothing. */
  async #isKnown(id: string, { record, isUsed = true }: KeyStatus): Promise<boolean> {
    if (record || isUsed) return true
    const listed = await this.#objects.listed(id)
    return !listed.ok || listed.value !== null
  }

  /** The replacement that was made before and may never have come: null where there is none. */
  async #unused(id: string | null): Answer<KeyRecord | null> {
    if (id === null) return ok(null)
    const found = await this.#objects.find(id)
    if (!found.ok) return found
    const { record, isUsed = true } = found.value
    if (!record || record.isRevoked) return ok(null)
    return isUsed || record.rotatedTo !== null
      ? err(problem('key-not-active', `${REPLACED} ${id}.`))
      : ok(record)
  }

  /** In its object and on the list. */
  async #keep(record: KeyRecord): Answer<void> {
    const configured = await this.#objects.configure(record)
    return configured.ok ? this.#objects.list(record) : configured
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

/** The first moment stays. */
const revokedNow = (record: KeyRecord, now: number): KeyRecord => ({
  ...record,
  revokedAt: Math.min(record.revokedAt ?? now, now),
  isRevoked: true,
})
