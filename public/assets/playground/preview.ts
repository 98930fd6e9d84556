/** The instant preview: what the latent shows by itself, by the factors that the embedded backend uses. */
import { type Tensor, toFloats } from '../../../src/client/index.ts'
import { readGeometry } from '../../../src/models/latent-shape.ts'
import { colourPlanes } from '../../../src/preview/colours.ts'
import { latentRgb } from '../../../src/preview/factors/index.ts'
import { readLatent } from '../../../src/preview/latent.ts'
import { atOnce } from '../../../src/preview/turns.ts'
import { findModel } from './models.ts'
import type { Order } from './order.ts'

/** One frame at the size of the latent; undefined where nobody knows the colours. */
export function previewOf(
  tensor: Tensor,
  { modelId, size, scaling: kind }: Order,
  frame = 0,
): ImageData | undefined {
  const vae = findModel(modelId)?.vae
  const factors = vae && latentRgb(vae)
  const geometry = vae && readGeometry(vae, tensor.shape, size)
  if (!factors || !geometry?.ok) return undefined
  const latent = readLatent(vae, geometry.value, toFloats(tensor), tensor.shape.length, { kind })
  const { width, height, planes } = atOnce(colourPlanes(latent, factors, 0, frame))
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
  planes.forEach((plane, colour) => {
    for (let i = 0; i < plane.length; i++) pixels[i * 4 + colour] = ((plane[i] ?? 0) + 1) * 127.5
  })
  return new ImageData(pixels, width, height)
}

/** Frames of the latent itself; a video has more than these. */
export function latentFrames(tensor: Tensor, { modelId, size }: Order): number {
  const vae = findModel(modelId)?.vae
  const geometry = vae && readGeometry(vae, tensor.shape, size)
  return geometry?.ok ? geometry.value.latentFrames : 1
}
