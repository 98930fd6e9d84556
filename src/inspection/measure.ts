/** What a latent's numbers are like, by a sample of them where there are many. */
import { itemBytes, type LatentDtype } from '../wire/dtype.ts'
import { readFloats } from '../wire/tensor.ts'

export interface Measurements {
  /** Whether none of the numbers that were looked at is NaN or infinite. */
  readonly isFinite: boolean
  readonly isZero: boolean
  /** Numbers that the mean and the deviation are of. */
  readonly count: number
  readonly mean: number
  /** Standard deviation. */
  readonly std: number
}

/** Numbers that mean and deviation are taken from, in runs that each hold the channels of a packed latent. */
const SAMPLE = 32_768
const RUN = 128

/** Bytes that are searched for NaN, in blocks: all of a picture's latent, of a long video every so many. */
const SEARCHED_BYTES = 1_048_576
const BLOCK_BYTES = 8_192

/** @param bytes whole elements of the dtype, little-endian; takes well under a millisecond however many they are */
export function measure(bytes: ArrayBuffer, dtype: LatentDtype): Measurements {
  const values = sample(bytes, dtype)
  const hasAll = values.length * itemBytes(dtype) === bytes.byteLength
  // Once over the numbers, as they differ from the first: sums of squares around a far mean would lose digits.
  const [first = 0] = values
  let sum = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const difference = (values[i] as number) - first
    sum += difference
    squares += difference * difference
  }
  const mean = sum / values.length
  return {
    // A single number that is none is in the sum as well.
    isFinite: Number.isFinite(sum) && (hasAll || !hasNonFinite(bytes, dtype)),
    isZero: first === 0 && squares === 0,
    count: values.length,
    mean: first + mean,
    std: Math.sqrt(Math.max(0, squares / values.length - mean * mean)),
  }
}

/** All of the elements, or runs of them that lie evenly over the latent, its first and its last element included. */
function sample(bytes: ArrayBuffer, dtype: LatentDtype): Float32Array | Float16Array {
  const size = itemBytes(dtype)
  const count = bytes.byteLength / size
  if (count <= SAMPLE) return numbersOf(bytes, dtype)
  const runs = SAMPLE / RUN
  const picked = new Uint8Array(SAMPLE * size)
  for (let run = 0; run < runs; run++) {
    const at = Math.floor(((count - RUN) * run) / (runs - 1)) * size
    picked.set(new Uint8Array(bytes, at, RUN * size), run * RUN * size)
  }
  return numbersOf(picked.buffer, dtype)
}

/** Not copied where the platform reads them as they are, which takes a quarter of the time. */
const numbersOf = (bytes: ArrayBuffer, dtype: LatentDtype): Float32Array | Float16Array =>
  dtype === 'float16' ? new Float16Array(bytes) : readFloats(bytes, dtype)

/**
 * NaN and infinity are the numbers whose exponent is all ones: adding one to it carries into the sign's place. So two
 * halves, or one float32, are looked at in one addition.
 */
function hasNonFinite(bytes: ArrayBuffer, dtype: LatentDtype): boolean {
  const [exponents, one, carried] = PATTERNS[dtype]
  const words = new Uint32Array(bytes, 0, bytes.byteLength >>> 2)
  const block = BLOCK_BYTES / 4
  const step = Math.max(1, words.length / (SEARCHED_BYTES / 4)) * block
  let found = 0
  for (let start = 0; start < words.length; start += step) {
    const from = Math.floor(start)
    const to = Math.min(from + block, words.length)
    for (let i = from; i < to; i++) found |= ((words[i] as number) & exponents) + one
  }
  if (bytes.byteLength % 4 !== 0) {
    const [last = 0] = new Uint16Array(bytes, bytes.byteLength - 2)
    found |= (last & exponents) + one
  }
  return (found & carried) !== 0
}

/** Bits of the exponent, the lowest of them, and the place above; twice where a word holds two numbers. */
const PATTERNS: Readonly<Record<LatentDtype, readonly [exponents: number, one: number, carried: number]>> = {
  float16: [0x7c007c00, 0x04000400, 0x80008000],
  bfloat16: [0x7f807f80, 0x00800080, 0x80008000],
  float32: [0x7f800000, 0x00800000, 0x80000000],
}
