/** From a file to what it holds, told by its first bytes and not by its name. */

import type { Source } from './item.ts'
import { isNpy } from './tensor/npy.ts'
import { readTensor } from './tensor/read-tensor.ts'
import { isSafetensors } from './tensor/safetensors.ts'
import type { Dtype, Tensor } from './tensor/tensor.ts'

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
  if (!isNpy(bytes) && !isSafetensors(bytes)) return { kind: 'raw', bytes }
  try {
    return latent(await readTensor(bytes))
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
    return latent(await readTensor(bytes, { shape, dtype }))
  } catch (error) {
    return error instanceof Error ? error.message : 'Expected another shape.'
  }
}

function latent(tensor: Tensor): Source {
  return { kind: 'latent', tensor }
}
