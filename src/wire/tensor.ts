import type { LatentDtype } from './dtype.ts'

/**
 * A latent's little-endian bytes as float32 values. `bytes` must hold whole elements; the view is a copy except
 * for aligned float32, whose buffer is used as it is.
 */
export function readFloats(bytes: ArrayBuffer, dtype: LatentDtype): Float32Array<ArrayBuffer> {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes)
    case 'float16':
      return new Float32Array(new Float16Array(bytes))
    case 'bfloat16': {
      // A bfloat16 is the upper half of a float32.
      const halves = new Uint16Array(bytes)
      const words = new Uint32Array(halves.length)
      for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16
      return new Float32Array(words.buffer)
    }
  }
}

/** Float32 values as the little-endian bytes of another dtype, rounded to the nearest and then to the even one. */
export function writeFloats(values: Float32Array<ArrayBuffer>, dtype: LatentDtype): ArrayBuffer {
  switch (dtype) {
    case 'float32':
      return values.buffer
    case 'float16':
      return Float16Array.from(values).buffer
    case 'bfloat16': {
      const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
      const halves = new Uint16Array(words.length)
      for (let i = 0; i < words.length; i++) {
        const word = words[i] as number
        const isNan = (word & 0x7fffffff) > 0x7f800000
        // Rounding up the digits of a NaN would make it an infinity.
        halves[i] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
      }
      return halves.buffer
    }
  }
}
