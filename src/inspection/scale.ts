/** How far the numbers of a latent spread: about 1 in diffusion space, whatever the model. */
import type { Scaling } from '../models/vae.ts'
import type { ScalingRequest } from '../wire/decode-query.ts'

/**
 * Standard deviation of the latents that a VAE itself takes, when those of its diffusion model have 1; undefined
 * where only the weights know. Over channels with statistics of their own it is that of all their numbers together.
 */
export function rawStd(scaling: Scaling): number | undefined {
  switch (scaling.kind) {
    case 'factor':
      return 1 / scaling.factor
    case 'statistics': {
      const { mean, std, factor } = scaling
      const average = mean.reduce((sum, value) => sum + value, 0) / mean.length
      const within = std.reduce((sum, value) => sum + (value / factor) ** 2, 0) / std.length
      const between = mean.reduce((sum, value) => sum + (value - average) ** 2, 0) / mean.length
      return Math.sqrt(within + between)
    }
    case 'none':
    case 'checkpoint':
      return undefined
  }
}

/**
 * The deviation that a latent has in diffusion space when it is scaled as asked, decoded, and brought back by the
 * model's own constants: near 1 when everything is right.
 *
 * @param std of the numbers as they were sent
 */
export function appliedStd(std: number, asked: ScalingRequest, raw: number): number {
  switch (asked.kind) {
    case 'model':
      return std
    case 'explicit':
      return std / Math.abs(asked.factor) / raw
    case 'none':
      return std / raw
  }
}
