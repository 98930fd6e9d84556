/** What pools say of themselves, asked so rarely that nobody who looks often can burden them. */
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import type { PoolRef } from './membership.ts'
import type { PoolStatus } from './protocol.ts'

/** So long what was heard, or that nothing was, is good enough. */
const FRESH_MS = 3_000

/** An object that is there answers in less. */
const PATIENCE_MS = 1_000

/** Requests that may ask a pool at a time while nothing is known of it; one while something is. */
const MAX_ASKING = 4

interface Known {
  readonly status: PoolStatus | undefined
  readonly at: number
}

/** Of an isolate. Answers are shared by its requests, questions never: they end with the request that asked. */
export class OverviewMemory {
  readonly known = new Map<string, Known>()
  /** When each question that may still be open was asked, by pool. */
  readonly asked = new Map<string, readonly number[]>()
}

export interface OverviewParts {
  readonly statusOf: (pool: PoolRef) => Promise<PoolStatus>
  readonly memory: OverviewMemory
  readonly ambient: Pick<Ambient, 'now' | 'after'>
}

export class PoolOverview {
  readonly #parts: OverviewParts

  constructor(parts: OverviewParts) {
    this.#parts = parts
  }

  /** Of each pool what it says, at most some seconds old; undefined when it is silent. Takes a second at most. */
  statuses(pools: readonly PoolRef[]): Promise<(PoolStatus | undefined)[]> {
    return Promise.all(pools.map((pool) => this.#status(pool)))
  }

  async #status(pool: PoolRef): Promise<PoolStatus | undefined> {
    const { memory, ambient, statusOf } = this.#parts
    const { name } = pool
    const now = ambient.now()
    const known = memory.known.get(name)
    if (known && now - known.at < FRESH_MS) return known.status
    // Who asked may have left without a word, so a question is open until it would be given up.
    const open = (memory.asked.get(name) ?? []).filter((at) => now - at < PATIENCE_MS)
    if (open.length >= (known ? 1 : MAX_ASKING)) return known?.status
    memory.asked.set(name, [...open, now])
    const heard = await answerWithin(statusOf(pool), PATIENCE_MS, ambient)
    const status = heard.ok ? heard.value : undefined
    memory.known.set(name, { status, at: ambient.now() })
    memory.asked.delete(name)
    return status
  }
}
