/** What a backend answers, as much of it as the gateway looks at. */
import type { Engine } from '../engine/engine.ts'

export interface AnswerFacts {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  /** Until the body is there, after its head. */
  readonly downloadMs: number
}

/**
 * A response of the platform's takes longer to make than all the rest of a simulated request; the dispatch sees its
 * status, its headers by name, and a body that is read once.
 */
export function answerOf(facts: AnswerFacts, signal: AbortSignal, engine: Engine): Response {
  const { status, headers, bytes } = facts
  const body = new Body(facts, signal, engine)
  const answer = { status, headers: { get: (name: string) => headers[name] ?? null }, body, bytes }
  return answer as unknown as Response
}

class Body {
  readonly #facts: AnswerFacts
  readonly #signal: AbortSignal
  readonly #engine: Engine

  constructor(facts: AnswerFacts, signal: AbortSignal, engine: Engine) {
    this.#facts = facts
    this.#signal = signal
    this.#engine = engine
  }

  getReader(): this {
    return this
  }

  readAtLeast(count: number): Promise<{ value: Uint8Array }> {
    const { bytes, downloadMs } = this.#facts
    const signal = this.#signal
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop)
      const arrive = (): void => {
        signal.removeEventListener('abort', stop)
        resolve({ value: bytes.subarray(0, count) })
      }
      this.#engine.schedule(this.#engine.now + downloadMs, arrive, null)
    })
  }

  releaseLock(): void {}

  async cancel(): Promise<void> {}
}
