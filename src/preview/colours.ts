import type { LatentRgb } from './factors/latent-rgb.ts'
import type { Latent } from './latent.ts'
import type { Work } from './turns.ts'

/** Red, green and blue of one frame at latent resolution, about -1..1, rows of `width`. */
export interface ColourPlanes {
  readonly width: number
  readonly height: number
  readonly planes: readonly [Float32Array, Float32Array, Float32Array]
}

/** Linear latent-to-RGB of one latent frame: sum over channels of element * factor, plus bias. */
export function* colourPlanes(
  latent: Latent,
  rgb: LatentRgb,
  batch: number,
  frame: number,
): Work<ColourPlanes> {
  const { latentHeight: height, latentWidth: width } = latent.geometry
  const [red = 0, green = 0, blue = 0] = rgb.bias
  const planes = [red, green, blue].map((bias) => new Float32Array(height * width).fill(bias))
  const [r, g, b] = planes as [Float32Array, Float32Array, Float32Array]
  for (let c = 0; c < latent.channels; c++) {
    const [toRed = 0, toGreen = 0, toBlue = 0] = rgb.factors[c] ?? []
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const { gain, offset } = latent.normalise(c, frame, y, x)
        const element = (latent.values[latent.indexOf(batch, c, frame, y, x)] ?? 0) * gain + offset
        r[i] = (r[i] ?? 0) + element * toRed
        g[i] = (g[i] ?? 0) + element * toGreen
        b[i] = (b[i] ?? 0) + element * toBlue
      }
      yield 3 * width
    }
  }
  return { width, height, planes: [r, g, b] }
}
