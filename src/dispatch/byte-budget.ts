/**
 * Bytes of bodies that one isolate holds at a time. An isolate has 128 MB for all its requests, and a body costs
 * two to three times its length while it is sent on.
 */
export class ByteBudget {
  /** All there is. */
  readonly capacity: number
  #free: number

  constructor(bytes: number) {
    this.capacity = bytes
    this.#free = bytes
  }

  /** Bytes that are not reserved. */
  get free(): number {
    return this.#free
  }

  /** Takes bytes until the returned function is called, once or more often; null when they are not there. */
  reserve(bytes: number): (() => void) | null {
    if (bytes > this.#free) return null
    this.#free -= bytes
    let held = true
    return () => {
      if (held) this.#free += bytes
      held = false
    }
  }
}
