/** Values that are good until a moment of their own; of too many the oldest are forgotten. */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Undefined from the moment `until` on. The oldest that are over go with it, whatever their names. */
  get(name: string, now: number): Value | undefined {
    for (const [oldest, { until }] of this.#entries) {
      if (now < until) break
      this.#entries.delete(oldest)
    }
    const entry = this.#entries.get(name)
    return entry && now < entry.until ? entry.value : undefined
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
