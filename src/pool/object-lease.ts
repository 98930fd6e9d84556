/** A lease that the pool's object has granted, and what becomes of it when that object is gone. */
import type { Ambient } from '../lib/ambient.ts'
import type { Evidence } from './events.ts'
import type { Lease, LocalLeaseParts } from './lease.ts'
import { type AcquireAnswer, type AdoptRequest, PROTOCOL_VERSION, type Timings } from './protocol.ts'

/** The other end of a lease, over RPC. */
export interface RemoteLease extends Partial<Disposable> {
  free(timings: Timings): Promise<void>
  report(evidence: Evidence): Promise<void>
  renew(): Promise<void>
  resize(predictedMs: number): Promise<void>
}

export type RemoteGrant = AcquireAnswer<RemoteLease> & { ok: true } & Partial<Disposable>

/** What a lease needs of the client that it came from. */
export interface LeaseParts extends LocalLeaseParts {
  readonly ambient: Ambient
  /** Keeps the context alive for a call that nobody waits for. */
  readonly defer: (task: Promise<unknown>) => void
  /** Hands a decode that runs to the pool's next life. */
  readonly adopt: (request: AdoptRequest) => Promise<RemoteLease | null>
}

/** A lease lasts about three times as long, so that one renewal may be lost. */
const RENEW_EVERY_MS = 5_000

/** A lease that the pool's object has granted. */
export class ObjectLease implements Lease {
  readonly backendId: string
  readonly startsInMs: number
  readonly isLearnt: boolean
  readonly deviationMs: number
  readonly waitedForStart: boolean
  readonly isLocal = false
  readonly idle: readonly string[]
  readonly #parts: LeaseParts
  readonly #grant: RemoteGrant
  readonly #grantedAt: number
  /** Of the job that it is for; and how long this backend takes for a predicted millisecond. */
  #predictedMs: number
  readonly #speed: number
  /** Of the pool's next life, when the one that granted is over. */
  #adopted: RemoteLease | undefined
  #isAdopting = false
  #timings: Timings | undefined
  #isDisposed = false
  #stopRenewing: (() => void) | undefined

  constructor(grant: RemoteGrant, parts: LeaseParts) {
    this.backendId = grant.backendId
    // An object of the release before foretells nothing.
    this.startsInMs = grant.startsInMs ?? 0
    this.#predictedMs = parts.predictedMs
    this.#speed = (grant.expectedMs ?? parts.predictedMs) / parts.predictedMs
    this.idle = grant.idle ?? []
    this.isLearnt = grant.isLearnt ?? false
    this.deviationMs = grant.deviationMs ?? 0
    this.waitedForStart = grant.waitedForStart ?? false
    this.#grant = grant
    this.#parts = parts
    this.#grantedAt = parts.ambient.now()
  }

  get #isOver(): boolean {
    return this.#isDisposed || this.#timings !== undefined
  }

  get expectedMs(): number {
    return this.#predictedMs * this.#speed
  }

  resize(predictedMs: number): void {
    if (this.#isOver || predictedMs === this.#predictedMs) return
    this.#predictedMs = predictedMs
    this.#parts.defer(quiet(() => this.#handle.resize(predictedMs)))
  }

  keep(): void {
    if (this.#isOver || this.#stopRenewing) return
    const renewLater = (): void => {
      this.#stopRenewing = this.#parts.ambient.after(RENEW_EVERY_MS, () => {
        this.#parts.defer(this.#renew())
        renewLater()
      })
    }
    renewLater()
  }

  free(timings: Timings): void {
    if (this.#isOver) return
    this.#timings = timings
    this.#end()
    // At once, as the next job may be waiting for it.
    this.#parts.defer(quiet(() => this.#handle.free(timings)))
  }

  report(evidence: Evidence): Promise<void> {
    this.#parts.learn(evidence)
    // That a slot is free after a decode says that all is well; the pool asks for more where it has doubts.
    if (evidence.kind === 'served' && !evidence.instead && this.#grant.isTrusted) return Promise.resolve()
    const sent = quiet(() => this.#handle.report(evidence))
    this.#parts.defer(sent)
    return sent
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#end()
    // Disposing the answer disposes the lease in it.
    this.#grant[Symbol.dispose]?.()
    this.#adopted?.[Symbol.dispose]?.()
  }

  get #handle(): RemoteLease {
    return this.#adopted ?? this.#grant.lease
  }

  #end(): void {
    this.#stopRenewing?.()
    this.#parts.leave()
  }

  async #renew(): Promise<void> {
    try {
      await this.#handle.renew()
    } catch (error) {
      // An object of the release before is alive, and knows no renewal.
      if (!(error instanceof TypeError)) await this.#adopt().catch(() => undefined)
    }
  }

  async #adopt(): Promise<void> {
    if (this.#isAdopting || this.#isOver) return
    this.#isAdopting = true
    try {
      const elapsedMs = this.#parts.ambient.now() - this.#grantedAt
      const { backendId } = this
      const predictedMs = this.#predictedMs
      const adopted = await this.#parts.adopt({ v: PROTOCOL_VERSION, backendId, predictedMs, elapsedMs })
      if (!adopted) return
      this.#adopted?.[Symbol.dispose]?.()
      this.#adopted = adopted
      // What happened meanwhile was said to the life that is over.
      const timings = this.#timings
      if (timings) await quiet(() => adopted.free(timings))
      if (this.#isDisposed) adopted[Symbol.dispose]?.()
    } finally {
      this.#isAdopting = false
    }
  }
}

/** The object may be gone by now; what it would have learnt is gone with it. */
async function quiet(call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
  } catch {}
}
