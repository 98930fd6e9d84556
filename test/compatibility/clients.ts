/** Every client that is known to speak the protocol, one request each, and what it needs for an answer. */

/** What the client reads. */
export type Need =
  | { readonly file: 'image/jpeg' | 'image/png' | 'text/plain' }
  | { readonly shape: readonly number[]; readonly dtype: 'float16' | 'bfloat16' | 'uint8' }
  /** A tensor in base64, in the JSON of early clients. */
  | { readonly sealed: readonly number[]; readonly dtype: 'float16' }

export interface ClientRequest {
  /** Of the captured request, `captured/NAME.http`. */
  readonly name: string
  readonly client: string
  readonly version: string
  readonly habit: string
  readonly need: Need
  /** What the backend is told of scaling. */
  readonly scaling?: string
  readonly model?: string
  readonly warning?: string
}

const MERGED = '0.33 to main of 2026-08; captured from 0.42.1'
const RAW = { shape: [1, 3, 64, 64], dtype: 'float16' } as const
const VIDEO = { shape: [1, 3, 9, 64, 64], dtype: 'float16' } as const
const FLUX_RAW = { shape: [1, 3, 64, 64], dtype: 'bfloat16' } as const
/** Of so many pixels. */
const ENCODED = (side: number) => ({ shape: [1, 4, side / 8, side / 8], dtype: 'float16' }) as const
const JPEG = { file: 'image/jpeg' } as const
const PNG = { file: 'image/png' } as const
const SD = 'scaling_factor=0.18215'
const SDXL = 'scaling_factor=0.13025'
const FLUX = 'scaling_factor=0.3611&shift_factor=0.1159'
const MODEL = 'do_scaling=True'
const NONE = 'do_scaling=False'

type Row = readonly [
  name: string,
  habit: string,
  need: Need,
  scaling?: string,
  model?: string,
  warning?: string,
]

const family = (client: string, version: string, rows: readonly Row[]): ClientRequest[] =>
  rows.map(([name, habit, need, scaling, model, warning]) => ({
    name,
    client,
    version,
    habit,
    need,
    ...(scaling !== undefined && { scaling }),
    ...(model !== undefined && { model }),
    ...(warning !== undefined && { warning }),
  }))

export const clients: readonly ClientRequest[] = [
  ...family('diffusers `remote_decode`', MERGED, [
    ['diffusers-pil-jpg', 'a JPEG; a slash at the end of the URL', JPEG, SD, 'sd-v1'],
    ['diffusers-pil-png', 'a PNG', PNG, SD, 'sd-v1'],
    ['diffusers-pil-processor', '`pil` with a processor: a tensor', RAW, SDXL, 'sdxl'],
    ['diffusers-pt', 'a tensor in -1..1', RAW, SD, 'sd-v1'],
    ['diffusers-pt-uint8', '`partial_postprocess`', { shape: [1, 64, 64, 3], dtype: 'uint8' }, SDXL, 'sdxl'],
    ['diffusers-batch', 'three latents at once', { shape: [3, 3, 64, 64], dtype: 'float16' }, SD, 'sd-v1'],
    ['diffusers-batch-jpg', 'three latents, a JPEG: of the first', JPEG, SD, 'sd-v1'],
    ['diffusers-sizes', 'height and width without need', JPEG, SD, 'sd-v1'],
    ['diffusers-flux-unpacked', 'bfloat16, not packed', JPEG, FLUX, 'flux'],
    ['diffusers-flux-packed', 'bfloat16, packed', { shape: [1, 64, 64, 3], dtype: 'uint8' }, FLUX, 'flux'],
    ['diffusers-mp4', 'a video, accepted as `text/plain`', { file: 'text/plain' }, MODEL, 'hunyuan-video'],
    [
      'diffusers-video-processor',
      '`pil` of a video: frames in 0..1',
      { shape: [9, 3, 64, 64], dtype: 'float16' },
      MODEL,
      'hunyuan-video',
    ],
    ['diffusers-video-pt', 'a video as a tensor', VIDEO, MODEL, 'hunyuan-video'],
    [
      'diffusers-video-uint8',
      'a video, post-processed',
      { shape: [9, 64, 64, 3], dtype: 'uint8' },
      MODEL,
      'hunyuan-video',
    ],
    ['diffusers-not-scaled', '`do_scaling=False`: nothing is said', JPEG, NONE, 'sd-v1'],
    ['diffusers-inferred', 'no model in the URL', JPEG, SDXL, 'sdxl'],
    ['diffusers-basic-credentials', '`https://x:KEY@host/`', JPEG, SD, 'sd-v1'],
  ]),
  ...family('diffusers `remote_encode`', MERGED, [
    ['diffusers-encode-picture', 'a PNG without a type', ENCODED(64), SD, 'sd-v1'],
    ['diffusers-encode-tensor', 'a tensor without a type', ENCODED(16), SD, 'sd-v1'],
  ]),
  ...family('JSON pilot', 'blog, first draft; SD.Next 1b2d4286b', [
    ['pilot-json', 'float32 in base64, no scaling in words', JPEG, MODEL, 'sd-v1'],
    ['sdnext-pilot-flux', 'tokens with an axis too many', JPEG, MODEL, 'flux'],
  ]),
  ...family('base64 draft', 'blog, second draft; diffusers #10898, early', [
    [
      'early-base64',
      'base64 both ways, no `image_format`',
      { sealed: [1, 3, 64, 64], dtype: 'float16' },
      MODEL,
      'sd-v1',
    ],
  ]),
  ...family('ComfyUI-HFRemoteVae', 'd904d40', [
    ['kijai-sdxl', 'float32, scaled by ComfyUI', RAW, NONE, 'sdxl'],
    ['kijai-flux', 'the same, 16 channels', FLUX_RAW, NONE, 'flux'],
    ['kijai-hunyuan', 'height and width of the wrong axes', VIDEO, NONE, 'hunyuan-video'],
  ]),
  ...family('ComfyUI-RemoteVAE (Visionatrix)', '1.0.0', [
    ['visionatrix-flux', 'float32, scaled by ComfyUI', FLUX_RAW, NONE, 'flux'],
    ['visionatrix-hunyuan', 'height and width of the wrong axes', VIDEO, NONE, 'hunyuan-video'],
  ]),
  ...family('SD.Next', 'f39ae70ee, 2025-02', [
    ['sdnext-2025-02-raw', '`input_tensor_type`, `output_tensor_type`', RAW, MODEL, 'sd-v1'],
    ['sdnext-2025-02-png', 'no `partial_postprocess`', PNG, MODEL, 'sdxl'],
  ]),
  ...family('SD.Next', 'b76668025 to 058a7f0c, 2026-07', [
    ['sdnext-raw', 'a tensor', RAW, SD, 'sd-v1'],
    ['sdnext-jpg', 'a JPEG', JPEG, SDXL, 'sdxl'],
    [
      'sdnext-playground',
      'Playground 2.5 as SDXL',
      PNG,
      'scaling_factor=0.5',
      'sdxl',
      'scaling-factor-of-another-model;sent=0.5;expected=0.13;model=playground-2.5',
    ],
    ['sdnext-flux-chw', 'Flux as three axes, width before height', PNG, FLUX, 'flux'],
    ['sdnext-flux-packed', 'a packed batch', { shape: [2, 3, 64, 64], dtype: 'bfloat16' }, FLUX, 'flux'],
    ['sdnext-zimage', 'Z-Image as Flux, not packed, with its size', JPEG, FLUX, 'flux'],
    ['sdnext-hunyuan', 'a video, always raw', VIDEO, 'scaling_factor=0.476986', 'hunyuan-video'],
    ['sdnext-framepack', 'FramePack: diffusers, scaled by the model', VIDEO, MODEL, 'hunyuan-video'],
  ]),
  ...family('GridTester node', 'both versions', [
    ['gridtester-requests', 'float32, its own size', RAW, NONE, 'sd-v1'],
    ['gridtester-urllib', 'urllib: another order, `identity`, `close`', RAW, NONE, 'sd-v1'],
  ]),
  ...family('HF Space "VAE comparison"', '2025', [
    ['hf-space-comparison', 'float32, nothing said of scaling', RAW, NONE, 'sd-v1'],
  ]),
  ...family('a script', 'urllib', [
    ['urllib-no-type', 'a list as one parameter, `octet-stream`, no Accept', JPEG, SD, 'sd-v1'],
  ]),
]
