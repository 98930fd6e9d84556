/** Latents, pictures and videos in each form in which they can come and go. */
import { randomBytes } from 'node:crypto'
import { encode as encodePng } from 'fast-png'
import type { Cast } from './cast.ts'
import { shapeOf } from './client.ts'

const ANSWERS = [
  ['sd-v1', `output_type=pil&${shapeOf()}&dtype=float16`, 'image/png'],
  ['sd-v1', `output_type=pil&${shapeOf()}&dtype=float16`, 'image/jpeg'],
  ['sd-v1', `output_type=pt&${shapeOf()}&dtype=float16&output_dtype=float32`, 'tensor/binary'],
  ['hunyuan-video', 'output_type=mp4&shape=1&shape=16&shape=1&shape=4&shape=8&dtype=float16', 'video/mp4'],
] as const

/** Of a file, that all files of its kind have in common: its header and its tables. */
const COMMON_BYTES = 800

export async function answerInAllForms(cast: Cast, key: string): Promise<void> {
  const { words, aviary } = cast
  const latent = words.latent('JSON')
  const parameters = { shape: [1, 4, 8, 8], dtype: 'float16', output_type: 'pt', partial_postprocess: true }
  const body = Buffer.from(JSON.stringify({ inputs: latent.toString('base64'), parameters }))
  const headers = ['content-type', 'accept'].map((name) => [name, 'application/json'] as const)
  cast.expect('JSON', await cast.decode('plain', key, { query: '', headers, body, latent }), '200')
  for (const [model, query, accept] of ANSWERS) {
    const types = [['content-type', 'tensor/binary'] as const, ['accept', accept] as const]
    const body =
      model === 'sd-v1' ? words.latent('a preview') : words.latent('a video', 16).subarray(0, 1_024)
    const told = await cast.decode(model, key, { query, headers: types, body })
    cast.expect(accept, told, '200')
    const own = told.body.subarray(Math.min(COMMON_BYTES, told.body.length >> 1))
    if (/png|tensor/.test(accept)) aviary.add('picture', `a preview as ${accept}`, own, told.sink)
  }
}

/** Pictures to be encoded; whether a backend does that is another matter. */
export async function sendPictures(cast: Cast, key: string): Promise<void> {
  for (const type of ['image/png', 'application/octet-stream', 'tensor/binary']) {
    const picture = Buffer.from(encodePng({ width: 16, height: 16, channels: 3, data: randomBytes(768) }))
    cast.aviary.add('picture', `a picture to be encoded, as ${type}`, picture.subarray(60))
    await cast.decode('plain', key, { query: '', headers: [['content-type', type]], body: picture })
  }
}
