/** From a file to what it holds, told by its first bytes and not by its name. */

import { isNpy } from '../../../src/client/files/npy.ts'
import { isSafetensors } from '../../../src/client/files/safetensors.ts'
import { type Dtype, readTensor, type Tensor } from '../../../src/client/index.ts'
import { bytesOf } from '../../../src/client/tensor/tensor.ts'
import type { LatentFile, Source } from './source.ts'

/** No latent is larger, and no gateway takes more. */
const MAX_BYTES = 128 * 1024 ** 2

const PICTURES = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46]],
] as const

export async function readSource(file: Blob): Promise<Source> {
  if (file.size === 0) return { kind: 'unreadable', why: 'This file is empty.' }
  if (file.size > MAX_BYTES)
    return { kind: 'unreadable', why: 'Expected at most 128 MB, which is more than any latent has.' }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const type = PICTURES.find(([, magic]) => magic.every((byte, index) => bytes[index] === byte))?.[0]
  if (type) {
    const picture = new Blob([bytes], { type })
    return { kind: 'picture', file: picture, url: URL.createObjectURL(picture) }
  }
  const kind = isNpy(bytes) ? 'npy' : isSafetensors(bytes) ? 'safetensors' : undefined
  if (!kind) return { kind: 'raw', bytes }
  try {
    const tensor = await readTensor(bytes)
    return { kind: 'latent', tensor, file: describeFile(kind, bytes, tensor) }
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : 'This file cannot be read.' }
  }
}

/** @returns the latent, or what is wrong with the shape */
export async function readRaw(
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  dtype: Dtype,
): Promise<Source | string> {
  try {
    return { kind: 'latent', tensor: await readTensor(bytes, { shape, dtype }), file: RAW }
  } catch (error) {
    return error instanceof Error ? error.message : 'Expected another shape.'
  }
}

export const RAW: LatentFile = { kind: 'raw', endsWithTensor: true, tensorName: undefined, isComfyUi: false }

function describeFile(kind: 'npy' | 'safetensors', bytes: Uint8Array, { data }: Tensor): LatentFile {
  if (kind === 'npy') return { ...RAW, kind }
  const headerBytes = new DataView(bytes.buffer).getUint32(0, true)
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))
  const names = Object.keys(JSON.parse(header) as object).filter((name) => name !== '__metadata__')
  const tensor = bytesOf(data)
  const end = bytes.subarray(bytes.length - tensor.length)
  return {
    kind,
    endsWithTensor: tensor.every((byte, index) => byte === end[index]),
    tensorName: names.length === 1 ? names[0] : 'latent_tensor',
    isComfyUi: names.includes('latent_format_version_0'),
  }
}
