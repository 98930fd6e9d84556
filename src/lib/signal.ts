/**
 * Signals without the platform: its own are events, and making, hearing and firing one costs a decode as much as its
 * log line. These are for what happens between our own functions.
 */

/** What we use of an AbortSignal, which is one of these. */
export interface Signal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** A signal and whoever fires it. Listeners are called once, and none that is added afterwards. */
export class Trigger implements Signal {
  aborted = false
  readonly #listeners = new Set<() => void>()

  abort(): void {
    if (this.aborted) return
    this.aborted = true
    for (const listener of [...this.#listeners]) listener()
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }
}

/** A signal of the platform for many listeners, which costs it one. */
export function shared(signal: AbortSignal): Signal {
  const trigger = new Trigger()
  if (signal.aborted) trigger.abort()
  else signal.addEventListener('abort', () => trigger.abort())
  return trigger
}
