/**
 * Limits as the Worker sees them: one call to the object of the key, or none. When that is gone, requests go on, as far as
 * this isolate alone can count, and but for those of a key that is known to be revoked.
 */
import type { Ambient } from '../lib/ambient.ts'
import type { Times } from './account.ts'
import { boundsOf } from './bounds.ts'
import { type Asked, Denials } from './denials.ts'

import { foresee } from './foresight.ts'
import { type Place, type PlaceParts, RemotePlace, type RemotePlaceHandle } from './place.ts'

import {
  type Admission,
  type AdmitRequest,
  type KeyRecord,
  type KeyStatus,
  type Limits,
  PROTOCOL_VERSION,
  type Quota,
  type Refusal,
} from './protocol.ts'
import { StandIn } from './stand-in.ts'
import { UnreadableKeys } from './unreadable.ts'

/** What we use of a stub of a key's object. */
export interface KeyStub {
  admit(request: AdmitRequest): Promise<Admission<RemotePlaceHandle> & Partial<Disposable>>
  status(limits: Limits, wall: number): Promise<KeyStatus & Partial<Disposable>>
}

export type Verdict =
  | { readonly ok: true; readonly quotas: readonly Quota[]; readonly place: Place }
  | Refusal

export interface LimitsParts extends PlaceParts {
  /** Makes a new stub each time: one that has seen its object reset throws forever. */
  readonly stubOf: (account: string) => KeyStub
  /** The list of keys. */
  readonly findListed: (keyId: string) => Promise<KeyRecord | null>
  readonly memory: LimitsMemory
  readonly ambient: Pick<Ambient, 'now' | 'wallNow' | 'after'>
  readonly unreachable: (why: 'errors' | 'silent') => void
}

/** What outlives a request in its isolate. */
export class LimitsMemory {
  readonly denials = new Denials()
  readonly unreadable = new UnreadableKeys()
  readonly standIn = new StandIn()
}

/** Nobody waits longer for an object, which takes milliseconds when it is there. */
const PATIENCE_MS = 2_000

/** Less than any request asks for. */
const LEAST: Asked = { model: '', megapixels: 0 }

const REVOKED: Refusal = { ok: false, v: PROTOCOL_VERSION, why: 'revoked' }

export class LimitsClient {
  readonly #parts: LimitsParts

  constructor(parts: LimitsParts) {
    this.#parts = parts
  }

  /**
   * Asks for everything at once. Never rejects: without its object a key has the limits that this isolate can keep, and the
   * pool's fairness is what protects others.
   *
   * @param account name of the object
   * @param limits of the plan
   */
  async admit(account: string, limits: Limits, asked: Asked): Promise<Verdict> {
    const { stubOf, findListed, memory, ambient, unreachable } = this.#parts
    const { denials, unreadable, standIn } = memory
    const times = (): Times => ({ now: ambient.now(), wall: ambient.wallNow() })
    const known = this.recall(account, asked)
    if (known) return known
    const { model, megapixels } = asked
    const alone = (): Verdict => {
      const refusal = unreadable.refusalOf(account, model, ambient)
      if (refusal) return refusal
      const bounds = boundsOf(limits, unreadable.overridesOf(account, ambient.now()))
      const place = standIn.admit(account, megapixels, bounds, times)
      return 'why' in place ? place : { ok: true, quotas: [], place }
    }
    if (unreadable.has(account, ambient.now())) return alone()
    const answer = await within(PATIENCE_MS, ambient, () =>
      stubOf(account).admit({ v: PROTOCOL_VERSION, limits, model, megapixels, wall: ambient.wallNow() }),
    )
    if (answer === 'errors' || answer === 'silent') {
      unreachable(answer)
      await unreadable.add(account, findListed, ambient)
      return unreadable.isRevoked(account) ? REVOKED : alone()
    }
    if (answer.ok) {
      standIn.heard(account, answer.quotas, times())
      return { ok: true, quotas: answer.quotas, place: new RemotePlace(answer, answer.handle, this.#parts) }
    }
    if (answer.why === 'revoked' && answer.isFinal) unreadable.noteRevoked(account)
    if (answer.why === 'limit') standIn.heard(account, answer.quotas, times())
    denials.add(account, asked, answer, ambient.now())
    return answer
  }

  /** The refusal that this isolate remembers, at no cost. */
  recall(account: string, asked: Asked): Refusal | undefined {
    const { memory, ambient } = this.#parts
    return memory.unreadable.isRevoked(account) ? REVOKED : memory.denials.find(account, asked, ambient.now())
  }

  /**
   * The refusal that is bound to come, for a request whose body must be read before it is known what it asks for. Charges
   * nothing, and never rejects: what cannot be asked is let in, as by `admit`.
   */
  async foresee(account: string, limits: Limits): Promise<Refusal | undefined> {
    const { stubOf, findListed, memory, ambient, unreachable } = this.#parts
    const { denials, unreadable } = memory
    const known = this.recall(account, LEAST)
    if (known || unreadable.has(account, ambient.now())) return known
    const status = await within(PATIENCE_MS, ambient, () => stubOf(account).status(limits, ambient.wallNow()))
    if (status === 'errors' || status === 'silent') {
      unreachable(status)
      await unreadable.add(account, findListed, ambient)
      return unreadable.isRevoked(account) ? REVOKED : undefined
    }
    const refusal = foresee(status, ambient.wallNow())
    if (refusal) denials.add(account, LEAST, refusal, ambient.now())
    return refusal
  }
}

/** What the call gives, if it does so in time; an answer that comes later is let go of, and its place with it. */
function within<Answer extends Partial<Disposable>>(
  ms: number,
  { after }: Pick<Ambient, 'after'>,
  call: () => Promise<Answer>,
): Promise<Answer | 'errors' | 'silent'> {
  return new Promise((resolve) => {
    let isOver = false
    const end = (how: Answer | 'errors' | 'silent'): void => {
      isOver = true
      stopTimer()
      resolve(how)
    }
    const stopTimer = after(ms, () => end('silent'))
    const fail = (): void => {
      if (!isOver) end('errors')
    }
    const take = (answer: Answer): void => {
      if (isOver) answer[Symbol.dispose]?.()
      else end(answer)
    }
    try {
      call().then(take, fail)
    } catch {
      fail()
    }
  })
}
