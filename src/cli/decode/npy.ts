/** Arrays as numpy.save writes them (NEP 1): a magic, a version, a Python dict, then the elements. */
import { err, type Result } from '../../lib/result.ts'
import type { LatentDtype } from '../../wire/dtype.ts'
import { checkedLatent, type Latent } from './latent.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Of the header; numpy itself refuses longer ones. */
const MAX_HEADER_BYTES = 10_000

const DTYPES: Readonly<Record<string, LatentDtype>> = { '<f2': 'float16', '<f4': 'float32' }

/** @returns the latent, or what was expected of the file */
export function readNpy(file: Uint8Array<ArrayBuffer>): Result<Latent, string> {
  if (file.length < 12 || MAGIC.some((byte, index) => file[index] !== byte)) {
    return err('a file that numpy.save wrote')
  }
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
  return checkedLatent(sizes.filter((size) => size !== '').map(Number), dtype, file.slice(dataAt))
}
