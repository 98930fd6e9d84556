/**
 * The virtual clock: what is scheduled happens in order of time, and in order of scheduling where times are equal. Before
 * time goes on, every promise that can go on has gone on.
 *
 * A binary heap over parallel arrays. An event is a handler made once, the object it concerns and a number by which
 * the handler tells a stale event from a live one, so that nothing is ever taken out of the heap and scheduling
 * allocates nothing.
 */

export type Handler<S> = (subject: S, token: number) => void

export class Engine {
  /** Milliseconds since the simulation began. */
  now = 0
  /** Events handled so far. */
  events = 0

  #size = 0
  #serial = 0
  #times = new Float64Array(1024)
  #serials = new Float64Array(1024)
  #tokens = new Float64Array(1024)
  // Handler and subject of one event fit together: `schedule` is the only way in.
  readonly #handlers: Handler<never>[] = []
  readonly #subjects: unknown[] = []
  #failure: Error | undefined

  /** @param at a time in the past counts as now */
  schedule<S>(at: number, handler: Handler<S>, subject: S, token = 0): void {
    if (this.#size === this.#times.length) this.#grow()
    const time = at > this.now ? at : this.now
    const serial = this.#serial++
    let hole = this.#size++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!this.#isAfter(parent, time, serial)) break
      this.#copy(parent, hole)
      hole = parent
    }
    this.#times[hole] = time
    this.#serials[hole] = serial
    this.#tokens[hole] = token
    this.#handlers[hole] = handler
    this.#subjects[hole] = subject
  }

  /** Ends the run with this error, from wherever it was noticed: in a promise it would be taken for a failed call. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  /**
   * Handles everything that is due until `end`, which is then the time.
   *
   * Node runs a tick when no promise is left that can go on, and asks no event loop for it: a turn costs a fifth of a
   * microsecond, and `setImmediate` ten times that.
   */
  run(end: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => queueMicrotask(nextTick)
      const nextTick = (): void => process.nextTick(turn)
      const turn = (): void => {
        if (this.#failure) {
          reject(this.#failure)
        } else if (this.#size > 0 && (this.#times[0] as number) <= end) {
          this.#handleFirst()
          settle()
        } else {
          if (end > this.now && end !== Number.POSITIVE_INFINITY) this.now = end
          resolve()
        }
      }
      settle()
    })
  }

  #handleFirst(): void {
    const handler = this.#handlers[0] as Handler<unknown>
    const subject = this.#subjects[0]
    const token = this.#tokens[0] as number
    this.now = this.#times[0] as number
    this.#removeFirst()
    this.events++
    handler(subject, token)
  }

  #removeFirst(): void {
    const last = --this.#size
    const time = this.#times[last] as number
    const serial = this.#serials[last] as number
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= last) break
      const right = child + 1
      if (
        right < last &&
        this.#isAfter(child, this.#times[right] as number, this.#serials[right] as number)
      ) {
        child = right
      }
      if (this.#isAfter(child, time, serial)) break
      this.#copy(child, hole)
      hole = child
    }
    if (hole !== last) this.#copy(last, hole)
    this.#subjects[last] = undefined
  }

  /** Whether the event at `index` comes after one of this time and serial. */
  #isAfter(index: number, time: number, serial: number): boolean {
    const own = this.#times[index] as number
    return own > time || (own === time && (this.#serials[index] as number) > serial)
  }

  #copy(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number
    this.#serials[to] = this.#serials[from] as number
    this.#tokens[to] = this.#tokens[from] as number
    this.#handlers[to] = this.#handlers[from] as Handler<never>
    this.#subjects[to] = this.#subjects[from]
  }

  #grow(): void {
    const wider = (old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(2 * old.length)
      array.set(old)
      return array
    }
    this.#times = wider(this.#times)
    this.#serials = wider(this.#serials)
    this.#tokens = wider(this.#tokens)
  }
}
