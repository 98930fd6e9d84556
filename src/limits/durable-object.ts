/**
 * One key on the platform: its account with a clock, its record, and a database for both. Whoever has no key has an
 * object by address.
 */
import { DurableObject } from 'cloudflare:workers'
import { realAmbient } from '../lib/ambient.ts'
import { dayOf } from '../lib/days.ts'
import { ownAmbient } from '../lib/own-ambient.ts'
import { logEvents } from '../telemetry/events.ts'
import { type Account, accountAt, admit, type Charge, finish, refund, type Times } from './account.ts'
import { isAnonymous } from './anonymous.ts'
import { boundsOf, pixelsOf } from './bounds.ts'
import { Journal } from './journal.ts'
import { KeyClock } from './key-clock.ts'
import { Ledger } from './ledger.ts'
import { PlaceTarget } from './place-target.ts'
import {
  type Admission,
  type AdmitRequest,
  type DayUsage,
  type KeyRecord,
  type KeyService,
  type KeyStatus,
  type Limits,
  PROTOCOL_VERSION as v,
} from './protocol.ts'
import { quotasOf } from './quotas.ts'
import { isOver, standingOf, withRevocation } from './standing.ts'

/** What is kept of an address ends so long after it was last heard of: a month, whose limit it may have used up. */
const FORGET_ADDRESS_MS = 32 * 86_400_000

export class KeyObject extends DurableObject implements KeyService<PlaceTarget> {
  readonly #ambient = ownAmbient(realAmbient)
  readonly #clock = new KeyClock(this.#ambient.wallNow)
  readonly #forgetful = (error: unknown): void => {
    const name = error instanceof Error ? error.name : 'unknown'
    logEvents('key', this.#ambient.wallNow).emit({ kind: 'limits-memory-failed', error: name })
  }
  readonly #ledger: Ledger
  readonly #journal: Journal
  #record: KeyRecord | null
  #account: Account
  /** Keys are the operator's; addresses come and go. */
  #needsAlarm: boolean

  /** @throws what the database throws: a key without its record must not pass for one that was never revoked */
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    this.#ledger = new Ledger(ctx.storage.sql)
    this.#journal = new Journal(
      this.#ledger,
      this.#ambient,
      () => [this.#account, this.#times()],
      this.#forgetful,
    )
    this.#record = this.#ledger.readRecord()
    this.#account = this.#journal.read(this.#times())
    this.#needsAlarm = isAnonymous(ctx.id.name)
  }

  async admit({ limits, model, megapixels, wall }: AdmitRequest): Promise<Admission<PlaceTarget>> {
    const times = this.#clock.read(wall)
    if (this.#clock.isStuck) this.#writeNow()
    const standing = standingOf(this.#record, model, times.wall)
    if (standing === 'revoked')
      return { ok: false, v, why: standing, isFinal: this.#record?.isRevoked === true }
    if (standing === 'model') return { ok: false, v, why: standing }
    const bounds = boundsOf(limits, this.#record?.overrides)
    const admitted = admit(this.#account, pixelsOf(megapixels), bounds, times)
    this.#account = admitted.account
    const quotas = quotasOf(this.#account, bounds, times)
    if (!admitted.ok) {
      const { violations } = admitted
      const retryAfterMs = Math.max(...violations.map(({ waitMs }) => waitMs))
      return {
        ok: false,
        v,
        why: 'limit',
        policies: violations.map(({ policy }) => policy),
        quotas,
        retryAfterMs,
      }
    }
    this.#forgetLater(times.wall)
    const { charge } = admitted
    const day = dayOf(times.wall)
    this.#journal.charged(day, model, charge.pixels, bounds.pixelsPerMonth)
    return { ok: true, v, quotas, handle: this.#place(charge, day, model) }
  }

  async configure(record: KeyRecord): Promise<void> {
    const kept = withRevocation(this.#record, record)
    // A database that fails keeps no revocation from counting here and now.
    if (kept.isRevoked) this.#record = kept
    this.#ledger.writeRecord(kept)
    this.#record = kept
  }

  async replace(record: KeyRecord, seen: string | null): Promise<boolean> {
    if ((this.#record?.rotatedTo ?? null) !== seen || this.#record?.isRevoked) return false
    await this.configure(record)
    return true
  }

  async status(limits: Limits, wall?: number): Promise<KeyStatus> {
    const times = this.#clock.read(wall)
    const account = accountAt(this.#account, times)
    const quotas = quotasOf(account, boundsOf(limits, this.#record?.overrides), times)
    const isUsed = account.nextId > 1 || this.#ledger.readAccount() !== null
    return { record: this.#record, quotas, inFlight: account.places.length, isUsed }
  }

  async usage(days: number): Promise<readonly DayUsage[]> {
    this.#journal.write()
    return this.#ledger.readUsage(dayOf(this.#times().wall) - days + 1)
  }

  /** Nobody has come from this address for a month. */
  override async alarm(): Promise<void> {
    const { wall } = this.#times()
    const writtenAt = this.#ledger.readAccount()?.writtenAt ?? 0
    const forgetAt = writtenAt + FORGET_ADDRESS_MS
    await (forgetAt > wall ? this.ctx.storage.setAlarm(forgetAt) : this.ctx.storage.deleteAll())
  }

  /** Once in a life of the object, as it costs a written row. */
  #forgetLater(wall: number): void {
    if (!this.#needsAlarm) return
    this.#needsAlarm = false
    this.ctx.storage.setAlarm(wall + FORGET_ADDRESS_MS).catch(this.#forgetful)
  }

  #place(charge: Charge, day: number, model: string): PlaceTarget {
    return new PlaceTarget({
      refund: () => {
        this.#account = refund(this.#account, charge)
        this.#journal.refunded(day, model, charge.pixels)
      },
      isGood: () => !this.#record || !isOver(this.#record, this.#times().wall),
      leave: () => {
        this.#account = finish(this.#account, charge)
      },
    })
  }

  #times(): Times {
    return this.#clock.read()
  }

  /** The timer of the journal stands still. */
  #writeNow(): void {
    try {
      this.#journal.write()
    } catch (error) {
      this.#forgetful(error)
    }
  }
}
