/** The bits of a JPEG's blocks (ITU-T T.81, F.1.2), behind the segments that tell how to read them. */
import { DETAIL_CODES, MEAN_CODES } from './jpeg-tables.ts'

/** The symbol for sixteen zeros, and for nothing but zeros to the end of the block. */
const SIXTEEN_ZEROS = 0xf0
const END_OF_BLOCK = 0

/** The coarsest number has eleven bits, any other one ten; rounding of the transform must not make it more. */
const MOST = { mean: 2_047, detail: 1_023 }

export class JpegBits {
  #bytes = new Uint8Array(65_536)
  #length = 0
  #pending = 0
  #pendingBits = 0

  constructor(segments: readonly number[]) {
    for (const byte of segments) this.#byte(byte)
  }

  mean(difference: number): void {
    const value = clamp(difference, MOST.mean)
    const size = sizeOf(value)
    this.#code(MEAN_CODES, size)
    this.#value(value, size)
  }

  /** @param zeros before the number, which is none */
  detail(zeros: number, number: number): void {
    let left = zeros
    for (; left > 15; left -= 16) this.#code(DETAIL_CODES, SIXTEEN_ZEROS)
    const value = clamp(number, MOST.detail)
    const size = sizeOf(value)
    this.#code(DETAIL_CODES, (left << 4) | size)
    this.#value(value, size)
  }

  endOfBlock(): void {
    this.#code(DETAIL_CODES, END_OF_BLOCK)
  }

  /** The whole file: bits filled up with ones, and the marker of its end. */
  end(): Uint8Array {
    this.#bits(0x7f, 7)
    this.#byte(0xff)
    this.#byte(0xd9)
    return this.#bytes.subarray(0, this.#length)
  }

  #code(codes: Uint32Array, symbol: number): void {
    const code = codes[symbol] as number
    this.#bits(code & 0xffff, code >>> 16)
  }

  /** A negative number is written as one less, in as many bits. */
  #value(value: number, size: number): void {
    if (size > 0) this.#bits(value < 0 ? value + (1 << size) - 1 : value, size)
  }

  #bits(value: number, count: number): void {
    this.#pending = (this.#pending << count) | value
    this.#pendingBits += count
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8
      const byte = (this.#pending >>> this.#pendingBits) & 0xff
      this.#byte(byte)
      // What looks like a marker is none.
      if (byte === 0xff) this.#byte(0)
    }
    this.#pending &= (1 << this.#pendingBits) - 1
  }

  #byte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = byte
  }
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, -most), most)

const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value))
