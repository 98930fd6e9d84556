/** From the shape a client sent to the geometry of the decode. */
import { err, ok, type Result } from '../lib/result.ts'
import { type Geometry, geometryOf, type PixelSize } from './geometry.ts'
import { readPacked } from './packing.ts'
import type { ServableModel } from './registry.ts'
import type { Layout } from './vae.ts'

/** A sentence that says which shapes the model takes. */
export type GeometryError = { readonly expected: string }

/**
 * Reads a latent's shape as the model's clients write it. Height and width count for packed latents only: with
 * others some clients send nonsense (frames * 8 for a video).
 */
export function readGeometry(
  model: ServableModel,
  shape: readonly number[],
  size: PixelSize | undefined,
): Result<Geometry, GeometryError> {
  const packed = model.packing === null ? undefined : readPacked(model, model.packing, shape, size)
  if (packed?.ok) return packed
  const unpacked = readUnpacked(model, shape, size)
  if (unpacked) return ok(unpacked)
  const expected =
    packed?.error.reason === 'size' ? packed.error.expected : `a latent of shape ${describeShapes(model)}`
  return err({ expected })
}

function readUnpacked(
  model: ServableModel,
  shape: readonly number[],
  size: PixelSize | undefined,
): Geometry | undefined {
  for (const layout of model.layouts) {
    const axes = readAxes(model, layout, shape)
    if (axes) return axes
  }
  if (!model.layouts.includes('BCHW')) return undefined
  const picture = readAxes(model, 'CHW', shape)
  // Three axes with a size that does not match are a packed latent gone wrong, not a picture.
  const fits = !size || (picture && fitsSize(model, picture, size))
  return fits ? picture : undefined
}

function readAxes(
  model: ServableModel,
  layout: Layout | 'CHW',
  shape: readonly number[],
): Geometry | undefined {
  if (shape.length !== layout.length) return undefined
  const axis = (name: string): number => shape[layout.indexOf(name)] ?? 1
  if (axis('C') !== model.channels) return undefined
  if (model.kind === 'image' && axis('T') !== 1) return undefined
  return geometryOf(model, layout, axis('B'), axis('T'), axis('H'), axis('W'))
}

const fitsSize = (model: ServableModel, geometry: Geometry, size: PixelSize): boolean =>
  Math.floor(size.height / model.spatialCompression) === geometry.latentHeight &&
  Math.floor(size.width / model.spatialCompression) === geometry.latentWidth

/** `[B, 16, H/8, W/8] or [B, (H/16)*(W/16), 64]` */
export function describeShapes(model: ServableModel): string {
  const c = model.channels
  const s = model.spatialCompression
  const described = model.layouts.map((layout) => {
    const sides: Record<string, string> = { B: 'B', C: String(c), T: 'T', H: `H/${s}`, W: `W/${s}` }
    return `[${[...layout].map((axis) => sides[axis]).join(', ')}]`
  })
  if (model.packing === 'flux-2x2') described.push(`[B, (H/${2 * s})*(W/${2 * s}), ${4 * c}]`)
  if (model.packing === 'flux2-patchify') {
    described.push(`[B, (H/${2 * s})*(W/${2 * s}), ${4 * c}]`, `[B, ${4 * c}, H/${2 * s}, W/${2 * s}]`)
  }
  if (model.packing === 'ltx-flatten') described.push(`[B, T*(H/${s})*(W/${s}), ${c}]`)
  return described.join(' or ')
}
