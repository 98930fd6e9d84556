/** Lightricks LTX: 128 channels, 32x compression. */
import type { VaeModel } from '../vae.ts'

export const ltxModels: readonly VaeModel[] = [
  {
    id: 'ltx-video',
    aliases: ['ltx', 'ltxv', 'ltx-video-0.9'],
    kind: 'video',
    latentSpace: 'ltx-video',
    diffusersClass: 'AutoencoderKLLTXVideo',
    checkpoint: 'Lightricks/LTX-Video',
    channels: 128,
    spatialCompression: 32,
    frames: { kind: 'causal', stride: 8 },
    layouts: ['BCTHW'],
    packing: 'ltx-flatten',
    scaling: { kind: 'checkpoint' },
    dtype: 'bfloat16',
    outputs: ['pil', 'pt', 'mp4'],
    sources: [
      'diffusers:src/diffusers/models/autoencoders/autoencoder_kl_ltx.py#L1078',
      'diffusers:scripts/convert_ltx_to_diffusers.py#L235',
      'diffusers:scripts/convert_ltx_to_diffusers.py#L260',
      'diffusers:src/diffusers/models/autoencoders/autoencoder_kl_ltx.py#L1483',
    ],
  },
  {
    id: 'ltx-2',
    aliases: ['ltx2', 'ltx-2.3'],
    kind: 'video',
    latentSpace: 'ltx-2',
    diffusersClass: 'AutoencoderKLLTX2Video',
    checkpoint: 'Lightricks/LTX-2',
    channels: 128,
    spatialCompression: 32,
    frames: { kind: 'causal', stride: 8 },
    layouts: ['BCTHW'],
    packing: null,
    scaling: { kind: 'none' },
    dtype: 'bfloat16',
    outputs: ['pil', 'pt', 'mp4'],
    sources: [
      'diffusers:src/diffusers/models/autoencoders/autoencoder_kl_ltx2.py#L1068',
      'diffusers:scripts/convert_ltx2_to_diffusers.py#L267',
      'diffusers:src/diffusers/pipelines/ltx2/pipeline_ltx2.py',
    ],
  },
]
