/** Tensors as safetensors writes them: the length of a JSON header, the header, then the tensors one after the other. */
import { err, type Result } from '../../lib/result.ts'
import {
  bytesOf,
  type Dtype,
  readTensorLike,
  type Tensor,
  type TensorLike,
  tensorOf,
} from '../tensor/tensor.ts'

/** The library's own bound. */
const MAX_HEADER_BYTES = 100_000_000

const DTYPES: Readonly<Record<string, Dtype>> = {
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  U8: 'uint8',
}

/** What ComfyUI calls the latent in the files that it saves. */
const USUAL_NAME = 'latent_tensor'

/**
 * @param wanted name of the tensor; needed where there are several and none has the usual name
 * @returns the tensor, or what was expected of the file
 */
export function readSafetensors(file: Uint8Array<ArrayBuffer>, wanted?: string): Result<Tensor, string> {
  if (file.length < 8) return err('a safetensors file, which has at least 8 bytes')
  const headerBytes = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true)
  if (headerBytes > MAX_HEADER_BYTES || Number(headerBytes) + 8 > file.length) {
    return err('a safetensors file with a whole header')
  }
  const dataAt = 8 + Number(headerBytes)
  const tensors = parseHeader(file.subarray(8, dataAt))
  if (!tensors) return err('a safetensors file with a JSON object as header')
  const names = [...tensors.keys()]
  const [only, ...others] = names
  const name = wanted ?? (tensors.has(USUAL_NAME) ? USUAL_NAME : others.length === 0 ? only : undefined)
  const choice = `the name of a tensor, one of ${list(names)}`
  if (name === undefined) return err(names.length === 0 ? 'a file that holds a tensor' : choice)
  const entry = tensors.get(name)
  if (entry === undefined) return err(choice)

  const { dtype: dtypeName, shape, data_offsets: offsets } = asRecord(entry)
  const dtype =
    typeof dtypeName === 'string' && Object.hasOwn(DTYPES, dtypeName) ? DTYPES[dtypeName] : undefined
  if (!dtype) return err(`F16, BF16 or F32 in "${name}", not ${JSON.stringify(dtypeName)}`)
  if (!isNumbers(shape)) return err(`a shape in "${name}"`)
  const [begin = -1, end = -1] = isNumbers(offsets) ? offsets : []
  const isWithin = Number.isSafeInteger(begin) && Number.isSafeInteger(end) && begin >= 0 && begin <= end
  if (!isWithin || dataAt + end > file.length) return err(`offsets of "${name}" within the file`)
  return tensorOf(shape, dtype, file.slice(dataAt + begin, dataAt + end))
}

/** The tensor as a safetensors file, under the name that ComfyUI looks for unless another is given. */
export function writeSafetensors(like: TensorLike, name = USUAL_NAME): Uint8Array<ArrayBuffer> {
  const { shape, dtype, data } = readTensorLike(like)
  const code = Object.keys(DTYPES).find((each) => DTYPES[each] === dtype)
  const text = JSON.stringify({ [name]: { dtype: code, shape, data_offsets: [0, data.byteLength] } })
  const header = new TextEncoder().encode(text)
  // The elements begin at a multiple of 8, as the library has it.
  const dataAt = Math.ceil((8 + header.length) / 8) * 8
  const file = new Uint8Array(dataAt + data.byteLength).fill(0x20, 8, dataAt)
  new DataView(file.buffer).setBigUint64(0, BigInt(dataAt - 8), true)
  file.set(header, 8)
  file.set(bytesOf(data), dataAt)
  return file
}

/** Whether a file begins as safetensors do: the length of a header, then its brace. */
export const isSafetensors = (file: Uint8Array): boolean =>
  file.length > 8 && file[8] === 0x7b && file[6] === 0 && file[7] === 0

/** Tensors by name; undefined when the header is no JSON object. */
function parseHeader(bytes: Uint8Array): ReadonlyMap<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes),
    )
    if (typeof header !== 'object' || header === null || Array.isArray(header)) return undefined
    return new Map(Object.entries(header).filter(([name]) => name !== '__metadata__'))
  } catch {
    return undefined
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number')

/** A checkpoint has thousands of tensors; a few say enough. */
const list = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
