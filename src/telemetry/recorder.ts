/**
 * What an isolate has counted and no pool knows yet. It sends that on its way at most every few seconds, in one call for
 * however many requests, by the request that happens to be there.
 */
import type { Ambient } from '../lib/ambient.ts'
import { answerWithin } from '../lib/answer.ts'
import { sleep } from '../lib/sleep.ts'
import { BusiestKeys, type KeysUse } from './busiest-keys.ts'
import { countEvent } from './count-event.ts'
import { Counts, type Tally } from './counts.ts'
import type { GatewayEvent } from './events.ts'

/** As it travels from Worker to pool; counted since the last of these. */
export interface Recorded {
  readonly counts: Tally
  readonly keys: KeysUse
}

export interface RecorderParts {
  readonly ambient: Ambient
  /** Keeps the request's context alive until the task is over. */
  readonly defer: (task: Promise<unknown>) => void
  readonly send: (recorded: Recorded) => Promise<void>
}

const SEND_AFTER_MS = 5_000

/** An object that has not answered by then may have counted, so that it is not told again. */
const PATIENCE_MS = 2_000

/** A context that was to send may have been dropped by the runtime. */
const GIVEN_UP_MS = 3 * SEND_AFTER_MS

export class Recorder {
  readonly #counts = new Counts()
  readonly #keys = new BusiestKeys()
  #plannedAt = Number.NEGATIVE_INFINITY

  record(event: GatewayEvent, parts: RecorderParts): void {
    const now = parts.ambient.now()
    countEvent(event, this.#counts, this.#keys, now)
    if (now - this.#plannedAt < GIVEN_UP_MS) return
    this.#plannedAt = now
    parts.defer(sleep(SEND_AFTER_MS, parts.ambient).then(() => this.send(parts)))
  }

  /** Sends what there is now. Never rejects: what certainly did not arrive is sent with what comes next. */
  async send({ ambient, send }: Omit<RecorderParts, 'defer'>): Promise<void> {
    this.#plannedAt = Number.NEGATIVE_INFINITY
    if (this.#counts.isEmpty) return
    const recorded: Recorded = { counts: this.#counts.take(), keys: this.#keys.take() }
    const sent = await answerWithin(send(recorded), PATIENCE_MS, ambient)
    if (sent.ok) return
    const now = ambient.now()
    if (sent.error === 'late') {
      countEvent({ kind: 'counts-lost' }, this.#counts, this.#keys, now)
      return
    }
    this.#counts.merge(recorded.counts)
    this.#keys.merge(recorded.keys, now)
  }
}
