/** A tensor from a file, of whichever kind the file is. */
import { err, type Result } from '../../lib/result.ts'
import { type Dtype, InvalidTensorError, type Tensor, tensorOf } from '../tensor/tensor.ts'
import { isNpy, readNpy } from './npy.ts'
import { isSafetensors, readSafetensors } from './safetensors.ts'

export interface FileFacts {
  /** Of a raw file, which does not say it itself. */
  readonly shape?: readonly number[] | undefined
  readonly dtype?: Dtype | undefined
  /** Which tensor of a safetensors file, where there are several. */
  readonly name?: string | undefined
}

/**
 * Reads `.npy`, `.safetensors` (`.latent` of ComfyUI too) and, with a shape and a dtype, raw little-endian bytes.
 *
 * @throws InvalidTensorError with what was expected of the file
 */
export async function readTensor(
  file: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
  facts: FileFacts = {},
): Promise<Tensor> {
  const bytes = new Uint8Array(file instanceof Blob ? await file.arrayBuffer() : file)
  const tensor = tensorIn(bytes, facts)
  if (tensor.ok) return tensor.value
  throw new InvalidTensorError(`Expected ${tensor.error}.`)
}

/** Who says what the bytes are has raw ones. */
function tensorIn(bytes: Uint8Array<ArrayBuffer>, { shape, dtype, name }: FileFacts): Result<Tensor, string> {
  if (shape && dtype) return tensorOf(shape, dtype, bytes)
  if (isNpy(bytes)) return readNpy(bytes)
  if (isSafetensors(bytes)) return readSafetensors(bytes, name)
  return err('a .npy or .safetensors file, or shape and dtype for raw bytes')
}
