/** Image models whose compression is not the usual 8x. */
import type { VaeModel } from '../vae.ts'

export const deepCompressionModels: readonly VaeModel[] = [
  {
    id: 'sana',
    aliases: ['dc-ae', 'dc-ae-f32c32', 'dc-ae-f32c32-sana-1.0'],
    kind: 'image',
    latentSpace: 'sana',
    diffusersClass: 'AutoencoderDC',
    checkpoint: 'mit-han-lab/dc-ae-f32c32-sana-1.0-diffusers',
    channels: 32,
    spatialCompression: 32,
    frames: { kind: 'still' },
    layouts: ['BCHW'],
    packing: null,
    scaling: { kind: 'factor', factor: 0.41407, shift: 0 },
    dtype: 'bfloat16',
    outputs: ['pil', 'pt'],
    sources: [
      'diffusers:scripts/convert_dcae_to_diffusers.py#L151',
      'diffusers:src/diffusers/models/autoencoders/autoencoder_dc.py#L483',
    ],
  },
  {
    id: 'stable-cascade',
    aliases: ['stable-cascade-stage-a', 'wuerstchen', 'paella'],
    kind: 'image',
    latentSpace: 'stable-cascade',
    diffusersClass: 'PaellaVQModel',
    checkpoint: 'stabilityai/stable-cascade',
    channels: 4,
    spatialCompression: 4,
    frames: { kind: 'still' },
    layouts: ['BCHW'],
    packing: null,
    scaling: { kind: 'checkpoint' },
    dtype: null,
    outputs: ['pil', 'pt'],
    sources: [
      'diffusers:src/diffusers/pipelines/deprecated/wuerstchen/modeling_paella_vq_model.py#L74',
      'diffusers:src/diffusers/pipelines/stable_cascade/pipeline_stable_cascade.py#L526',
      'comfyui:comfy/latent_formats.py',
    ],
  },
]
