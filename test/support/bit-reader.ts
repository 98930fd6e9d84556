import { expect } from 'vitest'

/** Reads what a decoder would: bits of a unit without its emulation prevention bytes (7.3.1, 9.1). */
export class BitReader {
  readonly #bytes: number[] = []
  #at = 0

  constructor(unit: Uint8Array) {
    let zeros = 0
    for (const byte of unit) {
      if (zeros >= 2 && byte === 3) {
        zeros = 0
        continue
      }
      this.#bytes.push(byte)
      zeros = byte === 0 ? zeros + 1 : 0
    }
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3]
      if (byte === undefined) throw new Error('Read past the end of the unit')
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1)
    }
    return value
  }

  ue(): number {
    let zeros = 0
    while (this.bits(1) === 0) zeros++
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** Bytes from the next byte boundary, over zeros. */
  alignedBytes(count: number): number[] {
    while (this.#at & 7) if (this.bits(1)) throw new Error('Expected zeros up to the byte')
    return Array.from({ length: count }, () => this.bits(8))
  }

  /** The stop bit, zeros, and nothing more. */
  expectEnd(): void {
    expect(this.bits(1)).toBe(1)
    while (this.#at & 7) expect(this.bits(1)).toBe(0)
    expect(this.#at).toBe(this.#bytes.length * 8)
  }
}
