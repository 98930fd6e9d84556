import type { LatentDtype } from './dtype.ts'

/**
 * A latent's little-endian bytes as float32 values. `bytes` must hold whole elements; the view is a copy except
 * for aligned float32, whose buffer is used as it is.
 */
export function readFloats(bytes: ArrayBuffer, dtype: LatentDtype): Float32Array {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes)
    case 'float16':
      return Float32Array.from(new Float16Array(bytes))
    case 'bfloat16': {
      // A bfloat16 is the upper half of a float32.
      const halves = new Uint16Array(bytes)
      const words = new Uint32Array(halves.length)
      for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16
      return new Float32Array(words.buffer)
    }
  }
}
