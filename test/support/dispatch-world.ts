/** Everything around the loop of a request: backends, a pool and a client that do as they are told, and books on it all. */
import type { DecodeOf } from '../../src/dispatch/batch/batch.ts'
import { dispatchBatch } from '../../src/dispatch/batch/dispatch-batch.ts'
import { ByteBudget } from '../../src/dispatch/byte-budget.ts'
import type { DispatchServices } from '../../src/dispatch/dispatch.ts'
import type { DecodeJob } from '../../src/dispatch/job.ts'
import type { Signal } from '../../src/lib/signal.ts'
import type { Lease, SlotAnswer, SlotRequest } from '../../src/pool/client.ts'
import type { Evidence } from '../../src/pool/events.ts'
import type { Timings } from '../../src/pool/protocol.ts'
import type { GatewayEvent } from '../../src/telemetry/events.ts'
import { FakeAmbient, hop } from './fake-ambient.ts'
import { fakeResponse } from './fake-answers.ts'

const PICTURE = new Uint8Array(192).fill(7)
const HEAD = { 'content-type': 'tensor/binary', shape: '[1,8,8,3]', dtype: 'uint8' }

const BODY_BYTES = 1_000

/** When an attempt of the world's job is overdue: its upload, twice what is expected, and a second at least. */
export const OVERDUE_MS = 1_201

/** What a backend does with one request. Without `afterMs` it does nothing, for ever. */
export interface Conduct {
  readonly afterMs?: number
  readonly does: 'serve' | 'refuse' | 'stall' | 'cut' | number
  readonly headers?: Readonly<Record<string, string>>
  /** The text of an error never comes. */
  readonly isSilent?: boolean
}

/** What the pool says to one request: a backend, or a reason. */
export type Say =
  | {
      readonly grant: string
      readonly afterMs?: number
      /** Promises that the answer passes through when it can no longer be called back. */
      readonly hops?: number
      readonly lease?: Partial<Lease>
    }
  | {
      readonly refuse: Extract<SlotAnswer, { ok: false }>['reason']
      readonly afterMs?: number
      readonly retryAfterMs?: number
      readonly hops?: number
    }

export interface FakeLease extends Lease {
  readonly said: (Evidence | Timings)[]
  isFree: boolean
  isDisposed: boolean
}

export class DispatchWorld {
  readonly ambient = new FakeAmbient()
  readonly budget = new ByteBudget(100_000)
  readonly events: GatewayEvent[] = []
  readonly requests: SlotRequest[] = []
  readonly leases: FakeLease[] = []
  /** Requests that backends got, in order; and those whose connection is open. */
  readonly sent: { readonly backendId: string; readonly remainingMs: number }[] = []
  readonly open = new Set<string>()
  /** Connections that were open at a time. */
  mostOpen = 0
  readonly deferred: Promise<unknown>[] = []
  readonly client = new AbortController()
  readonly #conducts: Readonly<Record<string, Conduct[]>>
  readonly #pool: (request: SlotRequest, world: DispatchWorld) => Say

  constructor(
    pool: Say[] | ((request: SlotRequest, world: DispatchWorld) => Say),
    conducts: Readonly<Record<string, Conduct[]>>,
  ) {
    this.#pool = Array.isArray(pool) ? () => pool.shift() ?? { refuse: 'exhausted' } : pool
    this.#conducts = conducts
  }

  get job(): DecodeJob {
    return {
      key: 'key-1',
      model: 'sd-v1',
      query: new URLSearchParams(),
      body: new ArrayBuffer(BODY_BYTES),
      expected: { kind: 'tensor', mediaType: 'tensor/binary', shape: [1, 8, 8, 3], dtypes: ['uint8'] },
      maxAnswerBytes: 192,
      predictedMs: 200,
      deadlineAt: this.ambient.now() + 60_000,
      isStillGood: () => Promise.resolve(true),
    }
  }

  /** So many latents, each of which decodes to what one backend always answers. */
  batchOf(count: number, answered: 'all' | 'first' = 'all'): Partial<DecodeJob> {
    const { query, expected, maxAnswerBytes, predictedMs } = this.job
    const of = (some: number): DecodeOf => ({
      query,
      expected,
      maxAnswerBytes,
      predictedMs: some * predictedMs,
    })
    return { ...of(count), batch: { count, answered, of } }
  }

  start(changes: Partial<DecodeJob> = {}): ReturnType<typeof dispatchBatch> {
    return dispatchBatch({ ...this.job, ...changes }, this.client.signal, this.#services())
  }

  /** The outcome, once time has passed: until there is one, for two minutes at most. */
  async run(changes: Partial<DecodeJob> = {}): Promise<Awaited<ReturnType<typeof dispatchBatch>>> {
    const outcome = this.start(changes)
    let isOver = false
    void outcome.then(() => {
      isOver = true
    })
    for (let i = 0; i < 1_200 && !isOver; i++) await this.ambient.pass(100)
    if (!isOver) throw new Error('the request never ended')
    return outcome
  }

  #services(): DispatchServices {
    return {
      ambient: this.ambient,
      budget: this.budget,
      commitBytes: 4_096,
      minAttemptMs: 20_000,
      events: { emit: (event) => this.events.push(event) },
      defer: (task) => this.deferred.push(task),
      backendOf: (id) =>
        id === 'unknown'
          ? undefined
          : {
              id,
              kind: 'vae-backend',
              url: 'https://decoder.example.com/',
              token: undefined,
              models: ['sd-v1'],
              slots: 1,
              scaleToZero: false,
              abortable: true,
              shard: undefined,
            },
      pool: { acquire: (request, calledOff) => this.#acquire(request, calledOff) },
      send: (backend, { remainingMs, attemptId }, signal) =>
        this.#send(backend.id, remainingMs, attemptId, signal),
    }
  }

  #acquire(request: SlotRequest, calledOff: Signal): Promise<SlotAnswer> {
    this.requests.push(request)
    const say = this.#pool(request, this)
    return new Promise((resolve) => {
      const cancelled: SlotAnswer = { ok: false, reason: 'cancelled', retryAfterMs: 0 }
      if (calledOff.aborted) return resolve(cancelled)
      const stopTimer = this.ambient.after(say.afterMs ?? 0, () => {
        calledOff.removeEventListener('abort', cancel)
        const answer: SlotAnswer =
          'grant' in say
            ? { ok: true, lease: this.#lease(say.grant, say.lease) }
            : { ok: false, reason: say.refuse, retryAfterMs: say.retryAfterMs ?? 2_000 }
        void hop(say.hops ?? 0).then(() => resolve(answer))
      })
      const cancel = (): void => {
        stopTimer()
        resolve(cancelled)
      }
      calledOff.addEventListener('abort', cancel)
    })
  }

  #lease(backendId: string, changes: Partial<Lease> = {}): Lease {
    const lease: FakeLease = {
      backendId,
      startsInMs: 0,
      expectedMs: 200,
      deviationMs: 0,
      waitedForStart: false,
      isLearnt: true,
      isLocal: false,
      idle: [],
      resize: () => undefined,
      said: [],
      isFree: false,
      isDisposed: false,
      keep: () => undefined,
      free: (timings) => {
        if (lease.isFree || lease.isDisposed) return
        lease.isFree = true
        lease.said.push(timings)
      },
      report: async (evidence) => {
        if (lease.isDisposed) throw new Error('a lease that is disposed hears nothing')
        lease.said.push(evidence)
      },
      [Symbol.dispose]: () => {
        lease.isDisposed = true
      },
      ...changes,
    }
    this.leases.push(lease)
    return lease
  }

  #send(backendId: string, remainingMs: number, attemptId: string, signal: AbortSignal): Promise<Response> {
    const connection = `${backendId} ${attemptId}`
    const conduct = this.#conducts[backendId]?.shift() ?? { does: 'serve', afterMs: 100 }
    this.sent.push({ backendId, remainingMs })
    this.open.add(connection)
    this.mostOpen = Math.max(this.mostOpen, this.open.size)
    const close = (): void => {
      this.open.delete(connection)
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        close()
        stopTimer()
        reject(signal.reason as Error)
      }
      const stopTimer =
        conduct.afterMs === undefined
          ? () => undefined
          : this.ambient.after(conduct.afterMs, () => {
              signal.removeEventListener('abort', abort)
              answer(conduct)
            })
      signal.addEventListener('abort', abort)
      const answer = ({ does, headers = {}, isSilent = false }: Conduct): void => {
        if (does === 'refuse') {
          close()
          reject(new Error('connection refused'))
          return
        }
        const isError = typeof does === 'number'
        const bytes = does === 'serve' ? PICTURE : PICTURE.subarray(0, 90)
        const head = isError ? headers : { ...HEAD, ...headers }
        resolve(
          fakeResponse(
            isError ? does : 200,
            head,
            { bytes, hangs: does === 'stall' || (isError && isSilent) },
            signal,
            close,
          ),
        )
      }
    })
  }
}
