/** Bits, most significant first, as H.264 writes its headers. */
export class BitWriter {
  readonly bytes: number[] = []
  #free = 0

  bits(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#free === 0) {
        this.bytes.push(0)
        this.#free = 8
      }
      this.#free--
      const last = this.bytes.length - 1
      this.bytes[last] = (this.bytes[last] as number) | (((value >>> i) & 1) << this.#free)
    }
    return this
  }

  /** Exp-Golomb code (9.1). */
  ue(value: number): this {
    const length = 32 - Math.clz32(value + 1)
    return this.bits(0, length - 1).bits(value + 1, length)
  }

  /** A one, then zeros to the byte (7.3.2.11). */
  stop(): this {
    this.bits(1, 1)
    this.#free = 0
    return this
  }
}
