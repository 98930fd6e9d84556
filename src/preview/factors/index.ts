/** Linear latent-to-RGB factors by latent space (numbers as in ComfyUI's latent_formats.py). */
import { isServable, type ServableModel } from '../../models/servable.ts'
import type { VaeModel } from '../../models/vae.ts'
import { flux2Factors } from './flux2.ts'
import { hunyuanFactors } from './hunyuan.ts'
import { imageFactors } from './image.ts'
import type { LatentRgb } from './latent-rgb.ts'
import { ltxFactors } from './ltx.ts'
import { videoFactors } from './video.ts'
import { wanFactors } from './wan.ts'

const bySpace: Readonly<Record<string, LatentRgb>> = {
  ...imageFactors,
  ...flux2Factors,
  ...hunyuanFactors,
  ...wanFactors,
  ...ltxFactors,
  ...videoFactors,
}

export const latentRgb = (model: VaeModel): LatentRgb | undefined => bySpace[model.latentSpace]

/** Whether the embedded preview can show this model's latents. */
export const canPreview = (model: VaeModel): model is ServableModel =>
  isServable(model) && latentRgb(model) !== undefined
