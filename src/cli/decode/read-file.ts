/** A latent from a file, by the kind that the file's name says. */
import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { readNpy } from '../../client/files/npy.ts'
import { readSafetensors } from '../../client/files/safetensors.ts'
import { type Tensor, tensorOf } from '../../client/tensor/tensor.ts'
import { err, type Result } from '../../lib/result.ts'
import { LATENT_DTYPES, type LatentDtype } from '../../wire/dtype.ts'

export interface FileFacts {
  /** For a file that does not say it itself. */
  readonly shape?: readonly number[]
  readonly dtype?: LatentDtype
  /** Of the tensor in a safetensors file. */
  readonly tensor?: string
}

/** No platform takes a body that large, and no model such a latent. */
const MAX_FILE_BYTES = 128 * 1024 * 1024

/** @returns the latent, or what was expected of the file */
export function readLatentFile(path: string, facts: FileFacts): Result<Tensor, string> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile()) return err('a file that is there')
  if (stats.size > MAX_FILE_BYTES) return err('at most 128 MiB, which is more than any latent has')
  const file = new Uint8Array(readFileSync(path))
  switch (extname(path).toLowerCase()) {
    case '.npy':
      return readNpy(file)
    case '.safetensors':
    case '.latent':
      return readSafetensors(file, facts.tensor)
    default:
      return readRaw(file, facts)
  }
}

function readRaw(file: Uint8Array<ArrayBuffer>, { shape, dtype }: FileFacts): Result<Tensor, string> {
  if (!shape || !dtype) {
    return err(`--shape and --dtype (${LATENT_DTYPES.join(', ')}), which a raw file does not say itself`)
  }
  return tensorOf(shape, dtype, file)
}
