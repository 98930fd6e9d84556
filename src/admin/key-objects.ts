/** The objects that an operator's requests about keys go to, each asked in bounded time. */
import type { Plan } from '../config.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import { err, type Result } from '../lib/result.ts'
import type { DayUsage, KeyRecord, KeyService, KeyStatus, Limits } from '../limits/protocol.ts'
import type { DirectoryPage, DirectoryService, PagePosition } from './protocol.ts'

/** Time that an object gets to answer. */
const PATIENCE_MS = 5_000

const KEY_SILENT = 'The object of the key does not answer. No key was handed out; send it again.'
const DIRECTORY_SILENT = 'The list of keys is out of reach. No key was handed out; send it again.'

/** What we use of the stub of a key's object. */
export type KeyAccount = Pick<KeyService, 'configure' | 'replace' | 'status' | 'usage'>

export interface KeyObjectsParts {
  readonly accountOf: (keyId: string) => KeyAccount
  readonly directory: DirectoryService
  /** Tells what this isolate remembers of keys by itself. */
  readonly noteRevoked: (keyId: string) => void
  /** By fingerprint. */
  readonly plans: ReadonlyMap<number, Plan>
  readonly ambient: Pick<Ambient, 'after'>
}

type Answer<T> = Promise<Result<T, Problem>>

/** Of a key whose plan is not known: there are none to report. */
const UNKNOWN_LIMITS: Limits = {
  requestsPerMinute: null,
  megapixelsPerMinute: null,
  concurrency: null,
  megapixelsPerMonth: null,
}

export class KeyObjects {
  readonly #parts: KeyObjectsParts

  constructor(parts: KeyObjectsParts) {
    this.#parts = parts
  }

  /** The quotas of a key whose plan is not known here are left out. */
  async find(id: string): Answer<KeyStatus> {
    const account = this.#parts.accountOf(id)
    const found = await this.#ofKey(account.status(UNKNOWN_LIMITS))
    const name = found.ok ? found.value.record?.plan : undefined
    const plan = [...this.#parts.plans.values()].find((one) => one.name === name)
    return plan ? this.#ofKey(account.status(plan)) : found
  }

  /** Takes effect with the next request of the key. */
  configure(record: KeyRecord): Answer<void> {
    return this.#ofKey(this.#parts.accountOf(record.id).configure(record))
  }

  /** @returns whether the key is still rotated to what was seen, and ended now for another */
  replace(record: KeyRecord, seen: string | null): Answer<boolean> {
    return this.#ofKey(this.#parts.accountOf(record.id).replace(record, seen))
  }

  usage(id: string, days: number): Answer<readonly DayUsage[]> {
    return this.#ofKey(this.#parts.accountOf(id).usage(days))
  }

  list(...records: readonly KeyRecord[]): Answer<void> {
    return this.#ofDirectory(this.#parts.directory.enter(records))
  }

  /** Null for a key that is not on the list. */
  listed(id: string): Answer<KeyRecord | null> {
    return this.#ofDirectory(this.#parts.directory.find(id))
  }

  page(limit: number, after: PagePosition | null): Answer<DirectoryPage> {
    return this.#ofDirectory(this.#parts.directory.page(limit, after))
  }

  async #ofKey<T>(call: Promise<T>): Answer<T> {
    const heard = await answerWithin(call, PATIENCE_MS, this.#parts.ambient)
    return heard.ok ? heard : err(problem('key-unavailable', KEY_SILENT, { retryAfterSeconds: 1 }))
  }

  async #ofDirectory<T>(call: Promise<T>): Answer<T> {
    const heard = await answerWithin(call, PATIENCE_MS, this.#parts.ambient)
    return heard.ok
      ? heard
      : err(problem('directory-unavailable', DIRECTORY_SILENT, { retryAfterSeconds: 1 }))
  }
}
