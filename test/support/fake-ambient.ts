/** Time that stands still until a test moves it, and chance that repeats. Its timers do not go by the machine's clock. */
import type { Ambient } from '../../src/lib/ambient.ts'

interface Timer {
  readonly at: number
  readonly task: () => void
}

export class FakeAmbient implements Ambient {
  #now: number
  #offMs = 0
  #serial = 0
  #seed = 1
  readonly #timers = new Set<Timer>()
  /** Whether what is due at the same time happens before anything that follows from it. */
  isCrowded = false

  constructor(now = 1_000_000) {
    this.#now = now
  }

  now = (): number => this.#now

  wallNow = (): number => this.#now + this.#offMs

  /** Somebody sets the machine's clock, which moves no timer. */
  setClock(byMs: number): void {
    this.#offMs += byMs
  }

  random = (): number => {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0
    return this.#seed / 2 ** 32
  }

  after = (ms: number, task: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, ms), task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  randomUuid = (): string => `uuid-${++this.#serial}`

  fetch = (): Promise<Response> => Promise.reject(new Error('no network in this test'))

  /** Milliseconds until each timer that is set. */
  get timers(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  /** Lets time pass, timer by timer, and whatever follows from each. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      const [first] = due
      if (!first) break
      this.#now = Math.max(this.#now, first.at)
      const together = this.isCrowded ? due.filter(({ at }) => at === first.at) : [first]
      for (const timer of together) {
        // One of them may have stopped another.
        if (this.#timers.delete(timer)) timer.task()
      }
      await settle()
    }
    this.#now = until
  }
}

/** Lets promises that can go on do so. */
export const settle = (): Promise<void> => hop(100)

/** Takes so many turns of the queue of promises. */
export async function hop(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await Promise.resolve()
}
