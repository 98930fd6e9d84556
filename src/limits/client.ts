/** Limits as the Worker sees them: one call to the object of the key, or none; and requests go on when it is gone. */
import type { Ambient } from '../lib/ambient.ts'
import { ExpiringMap } from '../lib/expiring-map.ts'
import { type Asked, Denials } from './denials.ts'
import { foresee } from './foresight.ts'
import { type Place, type PlaceParts, RemotePlace, type RemotePlaceHandle, UNLIMITED } from './place.ts'
import {
  type Admission,
  type AdmitRequest,
  type KeyStatus,
  type Limits,
  PROTOCOL_VERSION,
  type Quota,
  type Refusal,
} from './protocol.ts'

/** What we use of a stub of a key's object. */
export interface KeyStub {
  admit(request: AdmitRequest): Promise<Admission<RemotePlaceHandle> & Partial<Disposable>>
  status(limits: Limits): Promise<KeyStatus & Partial<Disposable>>
}

export type Verdict =
  | { readonly ok: true; readonly quotas: readonly Quota[]; readonly place: Place }
  | Refusal

export interface LimitsParts extends PlaceParts {
  /** Makes a new stub each time: one that has seen its object reset throws forever. */
  readonly stubOf: (account: string) => KeyStub
  readonly memory: LimitsMemory
  readonly unreachable: (why: 'errors' | 'silent') => void
}

/** What outlives a request in its isolate. */
export class LimitsMemory {
  readonly denials = new Denials()
  /** Objects that did not answer. */
  readonly silent = new ExpiringMap<true>(10_000)
}

/** Nobody waits longer for an object, which takes milliseconds when it is there. */
const PATIENCE_MS = 2_000

/** An object that did not answer is left alone for so long: each request that asks waits. */
const PAUSE_MS = 5_000

/** Less than any request asks for. */
const LEAST: Asked = { model: '', megapixels: 0 }

const FREE_PASS: Verdict = { ok: true, quotas: [], place: UNLIMITED }

export class LimitsClient {
  readonly #parts: LimitsParts

  constructor(parts: LimitsParts) {
    this.#parts = parts
  }

  /**
   * Asks for everything at once. Never rejects: without its object a key has no limits, and the pool's fairness is what
   * protects others.
   *
   * @param account name of the object
   * @param limits of the plan
   */
  async admit(account: string, limits: Limits, asked: Asked): Promise<Verdict> {
    const { stubOf, memory, ambient, unreachable } = this.#parts
    const known = this.recall(account, asked)
    if (known) return known
    if (memory.silent.get(account, ambient.now())) return FREE_PASS
    const { model, megapixels } = asked
    const answer = await within(PATIENCE_MS, ambient, () =>
      stubOf(account).admit({ v: PROTOCOL_VERSION, limits, model, megapixels }),
    )
    if (answer === 'errors' || answer === 'silent') {
      memory.silent.set(account, true, ambient.now() + PAUSE_MS)
      unreachable(answer)
      return FREE_PASS
    }
    if (answer.ok) {
      return { ok: true, quotas: answer.quotas, place: new RemotePlace(answer, answer.handle, this.#parts) }
    }
    memory.denials.add(account, asked, answer, ambient.now())
    return answer
  }

  /** The refusal that this isolate remembers, at no cost. */
  recall(account: string, asked: Asked): Refusal | undefined {
    const { memory, ambient } = this.#parts
    return memory.denials.find(account, asked, ambient.now())
  }

  /**
   * The refusal that is bound to come, for a request whose body must be read before it is known what it asks for. Charges
   * nothing, and never rejects: what cannot be asked is let in, as by `admit`.
   */
  async foresee(account: string, limits: Limits): Promise<Refusal | undefined> {
    const { stubOf, memory, ambient, unreachable } = this.#parts
    const known = this.recall(account, LEAST)
    if (known) return known
    if (memory.silent.get(account, ambient.now())) return undefined
    const status = await within(PATIENCE_MS, ambient, () => stubOf(account).status(limits))
    if (status === 'errors' || status === 'silent') {
      memory.silent.set(account, true, ambient.now() + PAUSE_MS)
      unreachable(status)
      return undefined
    }
    const refusal = foresee(status, ambient.now())
    if (refusal) memory.denials.add(account, LEAST, refusal, ambient.now())
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
