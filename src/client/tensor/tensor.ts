/** Tensors: a shape, an element type and the numbers as a typed array, in C order. */
import { err, ok, type Result } from '../../lib/result.ts'
import { type AnswerDtype, itemBytes, tensorBytes } from '../../wire/dtype.ts'

/** `float32`, `float16`, `bfloat16` or `uint8`. */
export type Dtype = AnswerDtype

/** `Float16Array` where the platform has it, else the bits of the numbers in a `Uint16Array`. */
export type HalfArray = typeof globalThis extends { Float16Array: { of(): infer Halves } }
  ? Halves
  : Uint16Array<ArrayBuffer>

/** Of float32, float16 (or its bits), bfloat16 (always its bits) and uint8. */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | HalfArray
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>

export interface Tensor {
  /** `[1, 4, 128, 128]` */
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly data: TensorData
}

/** What is taken for a tensor: any view of its bytes, little-endian. */
export interface TensorLike {
  readonly shape: readonly number[]
  /** May be left out of a `Float32Array`, a `Float16Array` and a `Uint8Array`. */
  readonly dtype?: Dtype | undefined
  readonly data: ArrayBufferView<ArrayBuffer> | ArrayBuffer
}

/** Thrown for a tensor, or a file of one, that is not what it should be; nothing is sent then. */
export class InvalidTensorError extends TypeError {
  override readonly name = 'InvalidTensorError'
}

/** The tensor that these bytes are, if they are as many as shape and dtype say; otherwise what was expected. */
export function tensorOf(
  shape: readonly number[],
  dtype: Dtype,
  bytes: Uint8Array<ArrayBuffer>,
): Result<Tensor, string> {
  const isShape = shape.length > 0 && shape.every((size) => Number.isSafeInteger(size) && size > 0)
  if (!isShape) return err(`a shape of whole numbers above 0, not [${shape}]`)
  const expected = tensorBytes(shape, dtype)
  if (bytes.length === expected) return ok({ shape, dtype, data: viewOf(bytes, dtype) })
  return err(`${expected} bytes for [${shape}] of ${dtype}, not ${bytes.length}`)
}

/** @throws InvalidTensorError where shape, dtype and data disagree */
export function readTensorLike(like: TensorLike): Tensor {
  const { shape, data, dtype = guessDtype(data) } = like
  const bytes = bytesOf(data)
  const tensor = dtype ? tensorOf(shape, dtype, bytes) : err(`a dtype beside data of this kind`)
  if (tensor.ok) return tensor.value
  throw new InvalidTensorError(`Expected ${tensor.error}.`)
}

/** The bytes of a view, not copied. */
export const bytesOf = (data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): Uint8Array<ArrayBuffer> =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)

function guessDtype(data: TensorLike['data']): Dtype | undefined {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Uint8Array) return 'uint8'
  return Object.prototype.toString.call(data) === '[object Float16Array]' ? 'float16' : undefined
}

/** Numbers begin where numbers may, so what begins elsewhere is copied. */
function viewOf(bytes: Uint8Array<ArrayBuffer>, dtype: Dtype): TensorData {
  const size = itemBytes(dtype)
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  const count = bytes.length / size
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count)
    case 'float16':
      return new (globalThis.Float16Array ?? Uint16Array)(buffer, byteOffset, count) as HalfArray
    case 'bfloat16':
      return new Uint16Array(buffer, byteOffset, count)
    case 'uint8':
      return bytes
  }
}
