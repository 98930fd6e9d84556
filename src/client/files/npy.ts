/** Arrays as numpy.save writes them (NEP 1): a magic, a version, a Python dict, then the elements. */
import { err, type Result } from '../../lib/result.ts'
import {
  bytesOf,
  type Dtype,
  InvalidTensorError,
  readTensorLike,
  type Tensor,
  type TensorLike,
  tensorOf,
} from '../tensor/tensor.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Of the header; numpy itself refuses longer ones. */
const MAX_HEADER_BYTES = 10_000

const DTYPES: Readonly<Record<string, Dtype>> = { '<f2': 'float16', '<f4': 'float32', '|u1': 'uint8' }

export const isNpy = (file: Uint8Array): boolean => MAGIC.every((byte, index) => file[index] === byte)

/** @returns the tensor, or what was expected of the file */
export function readNpy(file: Uint8Array<ArrayBuffer>): Result<Tensor, string> {
  if (file.length < 12 || !isNpy(file)) return err('a file that numpy.save wrote')
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const major = view.getUint8(6)
  if (major < 1 || major > 3) return err(`a .npy file of version 1 to 3, not ${major}`)
  const headerAt = major === 1 ? 10 : 12
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const dataAt = headerAt + headerBytes
  if (headerBytes > MAX_HEADER_BYTES || dataAt > file.length) return err('a .npy file with a whole header')
  const header = new TextDecoder('latin1').decode(file.subarray(headerAt, dataAt))

  const descr = /'descr' *: *'([^']*)'/.exec(header)?.[1]
  const isFortran = /'fortran_order' *: *True/.test(header)
  const shape = /'shape' *: *\(([0-9, ]*)\)/.exec(header)?.[1]
  if (descr === undefined || shape === undefined) return err('a .npy file with one array of numbers')
  const dtype = Object.hasOwn(DTYPES, descr) ? DTYPES[descr] : undefined
  if (!dtype) return err(`little-endian float16 or float32, not ${descr}; convert with .astype("float16")`)
  if (isFortran) return err('C order; convert with numpy.ascontiguousarray')
  const sizes = shape.split(',').map((size) => size.trim())
  return tensorOf(sizes.filter((size) => size !== '').map(Number), dtype, file.slice(dataAt))
}

/**
 * The tensor as a .npy file of version 1.
 *
 * @throws InvalidTensorError for bfloat16, which numpy has not
 */
export function writeNpy(like: TensorLike): Uint8Array<ArrayBuffer> {
  const { shape, dtype, data } = readTensorLike(like)
  const descr = Object.keys(DTYPES).find((name) => DTYPES[name] === dtype)
  if (descr === undefined) throw new InvalidTensorError('Expected another dtype than bfloat16 for numpy.')
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  // The elements begin at a multiple of 64, so that they can be mapped.
  const headerBytes = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10
  const file = new Uint8Array(10 + headerBytes + data.byteLength)
  file.set([...MAGIC, 1, 0, headerBytes & 0xff, headerBytes >>> 8])
  file.set(new TextEncoder().encode(`${dict.padEnd(headerBytes - 1)}\n`), 10)
  file.set(bytesOf(data), 10 + headerBytes)
  return file
}
