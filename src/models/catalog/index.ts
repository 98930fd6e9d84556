/** Every VAE we know, by family. Facts only; each entry names where its numbers come from. */
import type { VaeModel } from '../vae.ts'
import { deepCompressionModels } from './deep-compression.ts'
import { fluxModels } from './flux.ts'
import { flux2Models } from './flux2.ts'
import { hunyuanModels } from './hunyuan.ts'
import { ltxModels } from './ltx.ts'
import { sd3Models } from './sd3.ts'
import { sdxlModels } from './sdxl.ts'
import { stableDiffusionModels } from './stable-diffusion.ts'
import { videoModels } from './video.ts'
import { wanModels } from './wan.ts'

export const catalog: readonly VaeModel[] = [
  ...stableDiffusionModels,
  ...sdxlModels,
  ...sd3Models,
  ...fluxModels,
  ...flux2Models,
  ...hunyuanModels,
  ...wanModels,
  ...ltxModels,
  ...videoModels,
  ...deepCompressionModels,
]
