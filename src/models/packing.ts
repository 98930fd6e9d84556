/** Latents that arrive as a sequence of tokens: the size of the picture gives the sequence its second dimension. */
import { err, ok, type Result } from '../lib/result.ts'
import { type Geometry, geometryOf, type PixelSize, withoutUnitAxis } from './geometry.ts'
import type { ServableModel } from './registry.ts'
import type { Packing } from './vae.ts'

/** Why a sequence could not be read; `shape` when it is not a sequence of this model at all. */
export type PackingError =
  | { readonly reason: 'shape' }
  | { readonly reason: 'size'; readonly expected: string }

/** Reads a packed latent. Sides that are no multiple of a patch are floored, as diffusers' _unpack_latents does. */
export function readPacked(
  model: ServableModel,
  packing: Packing,
  shape: readonly number[],
  size: PixelSize | undefined,
): Result<Geometry, PackingError> {
  if (packing === 'ltx-flatten') return readFlattened(model, shape, size)
  const tokenChannels = model.channels * 4
  if (packing === 'flux2-patchify' && shape.length === 4 && shape[1] === tokenChannels) {
    const [batch = 1, , rows = 1, columns = 1] = shape
    return ok(geometryOf(model, packing, batch, 1, rows * 2, columns * 2))
  }
  const axes = withoutUnitAxis(shape)
  const [batch = 1, tokens = 0, channels] = axes
  if (axes.length !== 3 || channels !== tokenChannels) return err({ reason: 'shape' })
  if (!size) return err({ reason: 'size', expected: 'height and width in pixels, which packed latents need' })
  const patch = model.spatialCompression * 2
  const rows = Math.floor(size.height / patch)
  const columns = Math.floor(size.width / patch)
  if (rows * columns !== tokens) {
    return err({
      reason: 'size',
      expected: `${rows * columns} tokens for ${size.width}x${size.height} pixels (${columns} x ${rows} patches of ${patch} pixels), not ${tokens}`,
    })
  }
  return ok(geometryOf(model, packing, batch, 1, rows * 2, columns * 2))
}

/** LTX flattens frames as well: the frame count follows from the size and the number of tokens. */
function readFlattened(
  model: ServableModel,
  shape: readonly number[],
  size: PixelSize | undefined,
): Result<Geometry, PackingError> {
  const [batch = 1, tokens = 0, channels] = shape
  if (shape.length !== 3 || channels !== model.channels) return err({ reason: 'shape' })
  if (!size) return err({ reason: 'size', expected: 'height and width in pixels, which packed latents need' })
  const rows = Math.floor(size.height / model.spatialCompression)
  const columns = Math.floor(size.width / model.spatialCompression)
  const perFrame = rows * columns
  if (perFrame === 0 || tokens % perFrame !== 0) {
    return err({
      reason: 'size',
      expected: `a multiple of ${perFrame} tokens for ${size.width}x${size.height} pixels, not ${tokens}`,
    })
  }
  return ok(geometryOf(model, 'ltx-flatten', batch, tokens / perFrame, rows, columns))
}
