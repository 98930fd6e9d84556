/** Scenarios run beside one another as long as the machine has little to do with all of them. */

interface Waiting {
  readonly weight: number
  start(): void
}

export class Lanes {
  readonly #capacity: number
  readonly #waiting: Waiting[] = []
  #used = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Resolves when there is room. @returns what gives it back */
  async enter(weight: number): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ weight, start: resolve })
    this.#startAll()
    await promise
    return () => {
      this.#used -= weight
      this.#startAll()
    }
  }

  /** In turn, but what still fits does not wait for what does not. */
  #startAll(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#used > 0 && this.#used + waiting.weight > this.#capacity) continue
      this.#used += waiting.weight
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.start()
    }
  }
}
