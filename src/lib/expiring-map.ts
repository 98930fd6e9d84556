/** Values that are good until a moment of their own; of too many the oldest are forgotten. */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Undefined from the moment `until` on. */
  get(name: string, now: number): Value | undefined {
    const entry = this.#entries.get(name)
    if (!entry) return undefined
    if (now < entry.until) return entry.value
    this.#entries.delete(name)
    return undefined
  }

  set(name: string, value: Value, until: number): void {
    this.#entries.delete(name)
    this.#entries.set(name, { value, until })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break
      this.#entries.delete(oldest)
    }
  }

  get size(): number {
    return this.#entries.size
  }
}
