/**
 * What an isolate remembers of keys that were refused, so that a flood is answered without a call. It may be wrong to
 * the key's disadvantage for a minute at most, when the operator has just been generous or something was refunded.
 */
import { ExpiringMap } from '../lib/expiring-map.ts'
import type { PolicyName, Refusal } from './protocol.ts'

/** However long a refusal lasts, its object is asked again after so long. */
const REMEMBER_MS = 60_000

/** Some hundred bytes each. */
const MAX_KEYS = 10_000

/** Policies that a decode alone may be too large for. */
const OF_SIZE: readonly PolicyName[] = ['megapixels', 'month']

interface Denial {
  readonly refusal: Refusal
  readonly at: number
  readonly model: string
  /** Whoever asks for as much or more is refused as well. */
  readonly megapixels: number
}

export interface Asked {
  readonly model: string
  readonly megapixels: number
}

export class Denials {
  readonly #byAccount = new ExpiringMap<Denial>(MAX_KEYS)

  /** The refusal that a request would get, with what is left of its times; undefined when its object must be asked. */
  find(account: string, { model, megapixels }: Asked, now: number): Refusal | undefined {
    const denial = this.#byAccount.get(account, now)
    if (!denial || megapixels < denial.megapixels) return undefined
    const { refusal, at } = denial
    if (refusal.why === 'model') return model === denial.model ? refusal : undefined
    if (refusal.why === 'revoked') return refusal
    const passedMs = Math.max(0, now - at)
    const quotas = refusal.quotas.map((quota) => ({
      ...quota,
      resetMs: Math.max(0, quota.resetMs - passedMs),
    }))
    const never = quotas.filter((quota) => OF_SIZE.includes(quota.policy) && quota.limit < megapixels)
    if (never.length > 0) {
      const policies = never.map(({ policy }) => policy)
      return { ...refusal, quotas, policies, retryAfterMs: Number.POSITIVE_INFINITY }
    }
    return { ...refusal, quotas, retryAfterMs: Math.max(0, refusal.retryAfterMs - passedMs) }
  }

  add(account: string, { model, megapixels }: Asked, refusal: Refusal, now: number): void {
    if (refusal.why !== 'limit') {
      this.#byAccount.set(account, { refusal, at: now, model, megapixels: 0 }, now + REMEMBER_MS)
      return
    }
    const { policies, retryAfterMs } = refusal
    // A place may be free at any moment.
    if (policies.includes('concurrency')) return
    const isOfCount = policies.every((policy) => policy === 'requests')
    const denial = { refusal, at: now, model, megapixels: isOfCount ? 0 : megapixels }
    this.#byAccount.set(account, denial, now + Math.min(retryAfterMs, REMEMBER_MS))
  }
}
