/** Between tensors of any dtype and plain float32 numbers. */
import { readFloats, writeFloats } from '../../wire/tensor.ts'
import { fromHalfBits, toHalfBits } from './half.ts'
import { bytesOf, type Dtype, readTensorLike, type Tensor, type TensorLike } from './tensor.ts'

/**
 * The numbers of a tensor as float32; those of uint8 are 0 to 255. A copy.
 *
 * @throws InvalidTensorError where shape, dtype and data disagree
 */
export function toFloats(like: TensorLike): Float32Array<ArrayBuffer> {
  const { dtype, data } = readTensorLike(like)
  const bytes = bytesOf(data).slice()
  if (dtype === 'uint8') return Float32Array.from(bytes)
  if (dtype === 'float16' && !globalThis.Float16Array)
    return Float32Array.from(new Uint16Array(bytes.buffer), fromHalfBits)
  return readFloats(bytes.buffer, dtype)
}

/**
 * A tensor of numbers, rounded to the nearest and then to the even one. For uint8 they are 0 to 255, and what is beyond is
 * cut off.
 *
 * @throws InvalidTensorError when the shape has another number of elements
 */
export function fromFloats(values: Iterable<number>, shape: readonly number[], dtype: Dtype): Tensor {
  return readTensorLike({ shape, dtype, data: bytesFrom(Float32Array.from(values), dtype) })
}

function bytesFrom(values: Float32Array<ArrayBuffer>, dtype: Dtype): ArrayBuffer {
  if (dtype === 'uint8') return Uint8ClampedArray.from(values).buffer
  if (dtype === 'float16' && !globalThis.Float16Array) return Uint16Array.from(values, toHalfBits).buffer
  return writeFloats(values, dtype)
}
