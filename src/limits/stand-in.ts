/**
 * Counts for keys whose object does not answer, in one isolate: what its requests use is all that it knows, and what the object
 * said last. Others count for themselves, so a key may get its limits once from each; without this it would have none.
 */
import { ExpiringMap } from '../lib/expiring-map.ts'
import { type Account, admit, EMPTY_ACCOUNT, finish, refund, type Times } from './account.ts'
import { type Bounds, pixelsOf } from './bounds.ts'
import { monthStart } from './month.ts'
import type { Place } from './place.ts'
import { PROTOCOL_VERSION, type Quota, type Refusal } from './protocol.ts'
import { quotasOf } from './quotas.ts'

/** Some hundred bytes each. */
const MAX_KEYS = 10_000
/** Longer than a minute: what is older says something of the month alone. */
const REMEMBER_MS = 3_600_000

interface Heard {
  readonly quotas: readonly Quota[]
  readonly times: Times
}

export class StandIn {
  readonly #heard = new ExpiringMap<Heard>(MAX_KEYS)
  readonly #accounts = new ExpiringMap<Account>(MAX_KEYS)

  /** The object has answered: from now on that counts. */
  heard(name: string, quotas: readonly Quota[], times: Times): void {
    if (quotas.length > 0) this.#heard.set(name, { quotas, times }, times.now + REMEMBER_MS)
  }

  admit(name: string, megapixels: number, bounds: Bounds, now: () => Times): Place | Refusal {
    const times = now()
    const admitted = admit(this.#accountOf(name, times), pixelsOf(megapixels), bounds, times)
    this.#keep(name, admitted.account, times)
    if (!admitted.ok) {
      const { account, violations } = admitted
      const policies = violations.map(({ policy }) => policy)
      const retryAfterMs = Math.max(...violations.map(({ waitMs }) => waitMs))
      const quotas = quotasOf(account, bounds, times)
      return { ok: false, v: PROTOCOL_VERSION, why: 'limit', policies, quotas, retryAfterMs }
    }
    const { charge } = admitted
    const change = (by: typeof finish): void => {
      const then = now()
      this.#keep(name, by(this.#accountOf(name, then), charge), then)
    }
    let isCharged = true
    let isHeld = true
    return {
      refund: () => {
        if (isCharged) change(refund)
        isCharged = false
      },
      isGood: () => Promise.resolve(true),
      [Symbol.dispose]: () => {
        if (isHeld) change(finish)
        isHeld = false
      },
    }
  }

  #keep(name: string, account: Account, { now }: Times): void {
    this.#accounts.set(name, account, now + REMEMBER_MS)
  }

  /** What the object said since is newer, but for those that are under way. */
  #accountOf(name: string, { now }: Times): Account {
    const heard = this.#heard.get(name, now)
    const account = this.#accounts.get(name, now) ?? EMPTY_ACCOUNT
    if (!heard) return account
    this.#heard.set(name, heard, 0)
    return { ...accountFrom(heard), places: account.places, nextId: account.nextId }
  }
}

/** As if everything had been used at the moment when it was said. */
function accountFrom({ quotas, times: { now, wall } }: Heard): Account {
  const used = (name: Quota['policy']): number => {
    const quota = quotas.find(({ policy }) => policy === name)
    return quota ? quota.limit - quota.remaining : 0
  }
  const window = (units: number) => (units > 0 ? [{ from: now, at: now, units }] : [])
  return {
    ...EMPTY_ACCOUNT,
    requests: window(used('requests')),
    pixels: window(pixelsOf(used('megapixels'))),
    month: { start: monthStart(wall), pixels: pixelsOf(used('month')) },
  }
}
