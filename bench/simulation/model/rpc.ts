/** Calls between Workers and a pool's object: each takes a hop, some find the object in another life, or no way at all. */
import type { Engine } from '../engine/engine.ts'

/** What may go wrong on the way, which outlasts the lives of an object. */
export interface Way {
  readonly engine: Engine
  /** Nothing gets through before. */
  cutUntil: number
  /** Whether what a lease has to say never arrives. */
  readonly isLost: () => boolean
  /** Until a caller notices that the object is gone, after the way there. */
  readonly noticeMs: () => number
}

interface Call {
  reject(reason: Error): void
}

/** The calls to one life of an object: when it is over, all that are open fail, and so does each that comes later. */
export class Line {
  readonly #way: Way
  readonly #open = new Set<Call>()
  #isOver = false

  constructor(way: Way) {
    this.#way = way
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** @param perform at the other end, where its promise, if it is one, is waited for */
  call<T>(hopMs: number, perform: () => T | Promise<T>): Promise<T> {
    const { engine } = this.#way
    return new Promise((resolve, reject) => {
      const call: Call = { reject }
      this.#open.add(call)
      if (this.#isOver) return this.#failLater(call)
      const answer = (value: T): void => {
        if (this.#isOver || this.#isCut) return
        engine.schedule(
          engine.now + hopMs,
          () => {
            if (this.#open.delete(call)) resolve(value)
          },
          null,
        )
      }
      this.#send(hopMs, () => {
        const value = perform()
        if (value instanceof Promise) void value.then(answer)
        else answer(value)
      })
    })
  }

  /** A message that is not answered. */
  tell(hopMs: number, perform: () => void): void {
    if (!this.#isOver) this.#send(hopMs, perform)
  }

  end(): void {
    this.#isOver = true
    for (const call of this.#open) this.#failLater(call)
  }

  get #isCut(): boolean {
    return this.#way.engine.now < this.#way.cutUntil
  }

  #send(hopMs: number, perform: () => void): void {
    if (this.#isCut) return
    const { engine } = this.#way
    const arrive = (): void => {
      if (!this.#isOver) perform()
    }
    engine.schedule(engine.now + hopMs, arrive, null)
  }

  #failLater(call: Call): void {
    const { engine, noticeMs } = this.#way
    const fail = (): void => {
      if (this.#open.delete(call)) call.reject(new Error('The object was reset.'))
    }
    engine.schedule(engine.now + noticeMs(), fail, null)
  }
}
