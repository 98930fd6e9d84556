import { err, ok, type Result } from '../../lib/result.ts'
import { type LatentDtype, tensorBytes } from '../../wire/dtype.ts'

/** A latent as it is sent: little-endian, C order. */
export interface Latent {
  readonly shape: readonly number[]
  readonly dtype: LatentDtype
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The latent, if the bytes are as many as shape and dtype say; otherwise what was expected. */
export function checkedLatent(
  shape: readonly number[],
  dtype: LatentDtype,
  bytes: Uint8Array<ArrayBuffer>,
): Result<Latent, string> {
  const isShape = shape.length > 0 && shape.every((size) => Number.isSafeInteger(size) && size > 0)
  if (!isShape) return err(`a shape of whole numbers above 0, not [${shape}]`)
  const expected = tensorBytes(shape, dtype)
  if (bytes.length === expected) return ok({ shape, dtype, bytes })
  return err(`${expected} bytes for [${shape}] of ${dtype}, not ${bytes.length}`)
}
