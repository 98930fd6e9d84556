/** Work done so many at a time, between a producer that waits for room and a consumer that takes what is done. */
import {
  boundsOf,
  type Failed,
  type OnError,
  type QueueOptions,
  type QueueResult,
  type Run,
  type Success,
} from './options.ts'
import { createRoom, type Room } from './room.ts'
import { createShelf, type Shelf } from './shelf.ts'

export class Queue<I, O, P extends OnError = 'throw'> implements AsyncIterableIterator<QueueResult<O, P>> {
  readonly #run: Run<I, O>
  readonly #options: QueueOptions<P>
  readonly #concurrency: number
  readonly #room: Room
  readonly #shelf: Shelf<Success<O> | Failed>
  readonly #waiting: { readonly input: I; readonly index: number }[] = []
  readonly #controller = new AbortController()
  readonly #counts = { pushed: 0, running: 0, done: 0, failed: 0 }
  #taken = 0
  #isClosed = false
  #isOver = false
  /** Why it is over, as long as the consumer does not know. */
  #failure: { readonly error: unknown } | undefined
  #wakeConsumers: (() => void)[] = []

  /** @throws RangeError where concurrency or capacity is no number of pieces */
  constructor(run: Run<I, O>, options: QueueOptions<P> = {}) {
    const { concurrency, capacity } = boundsOf(options)
    this.#run = run
    this.#options = options
    this.#concurrency = concurrency
    this.#room = createRoom(capacity)
    this.#shelf = createShelf(options.order ?? 'input')
    options.signal?.addEventListener('abort', this.#abort)
    if (options.signal?.aborted) this.#abort()
  }

  /**
   * Resolves when there is room.
   *
   * @returns whether it was taken in: false once the queue has failed, was aborted or left by its consumer
   * @throws Error after `close`
   */
  async push(input: I): Promise<boolean> {
    if (this.#isClosed && !this.#isOver) throw new Error('The queue is closed.')
    if (!(await this.#room.enter()) || this.#isOver) return false
    this.#waiting.push({ input, index: this.#counts.pushed++ })
    this.#start()
    this.#tell()
    return true
  }

  /** Pushes each of them as there is room, then closes. What the source throws is thrown to the consumer. */
  async pushAll(source: Iterable<I> | AsyncIterable<I>): Promise<void> {
    try {
      for await (const input of source) if (!(await this.push(input))) return
      this.close()
    } catch (error) {
      this.#end(error)
    }
  }

  /** Nothing more comes; the consumer gets what is inside and then the end. */
  close(): void {
    this.#isClosed = true
    this.#tell()
  }

  /** The next result, once it is there. Throws what ended the queue, after the results before it. */
  async next(): Promise<IteratorResult<QueueResult<O, P>, undefined>> {
    for (;;) {
      const taken = this.#shelf.take()
      if (taken) {
        this.#taken++
        this.#room.leave()
        return { done: false, value: taken.result as QueueResult<O, P> }
      }
      if (this.#failure) {
        const { error } = this.#failure
        this.#failure = undefined
        throw error
      }
      if (this.#isClosed && this.#taken === this.#counts.pushed) this.#finish()
      if (this.#isOver) return { done: true, value: undefined }
      await new Promise<void>((resolve) => this.#wakeConsumers.push(resolve))
    }
  }

  /** Nobody takes any more: what runs is aborted. A loop calls it when it is left. */
  async return(): Promise<IteratorResult<QueueResult<O, P>, undefined>> {
    this.#finish()
    this.#controller.abort()
    this.#tell()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #start(): void {
    while (!this.#isOver && this.#counts.running < this.#concurrency) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#counts.running++
      void this.#work(next.input, next.index)
    }
  }

  async #work(input: I, index: number): Promise<void> {
    try {
      this.#put({ index, ok: true, answer: await this.#run(input, this.#controller.signal, index) })
    } catch (error) {
      this.#put({ index, ok: false, error })
    }
  }

  #put(result: Success<O> | Failed): void {
    this.#counts.running--
    if (this.#isOver) return
    this.#counts[result.ok ? 'done' : 'failed']++
    if (!result.ok && this.#options.onError !== 'yield') {
      this.#end(result.error)
      return
    }
    this.#shelf.put(result.index, result)
    this.#start()
    this.#tell()
  }

  readonly #abort = (): void => this.#end(this.#options.signal?.reason)

  #end(error: unknown): void {
    if (this.#isOver) return
    this.#failure = { error }
    this.#finish()
    this.#controller.abort(error)
    this.#tell()
  }

  #finish(): void {
    this.#isOver = true
    this.#waiting.length = 0
    this.#room.close()
    this.#options.signal?.removeEventListener('abort', this.#abort)
  }

  #tell(): void {
    for (const wake of this.#wakeConsumers.splice(0)) wake()
    this.#options.onProgress?.({ ...this.#counts, isClosed: this.#isClosed })
  }
}
