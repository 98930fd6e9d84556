/** Numbers of which mean and quantiles are wanted. */
export class Sample {
  #values = new Float64Array(1024)
  #count = 0
  #isSorted = false

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const wider = new Float64Array(2 * this.#count)
      wider.set(this.#values)
      this.#values = wider
    }
    this.#values[this.#count++] = value
    this.#isSorted = false
  }

  get count(): number {
    return this.#count
  }

  /** 0 of nothing. */
  get mean(): number {
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum += this.#values[i] as number
    return this.#count === 0 ? 0 : sum / this.#count
  }

  /**
   * Nearest rank: the smallest value that at least `share` of all do not exceed.
   *
   * @param share in (0, 1]
   */
  quantile(share: number): number {
    if (this.#count === 0) return 0
    const values = this.#values.subarray(0, this.#count)
    if (!this.#isSorted) values.sort()
    this.#isSorted = true
    return values[Math.max(0, Math.ceil(share * this.#count) - 1)] as number
  }
}
