/** Latents, pictures and videos in each form in which they can come and go. */
import type { Cast } from './cast.ts'
import { shapeOf, TENSOR } from './client.ts'
import { PICTURE_TYPES } from './pictures.ts'

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
  cast.expect('JSON', await cast.decode('plain', key, { query: '', headers, body, owns: [latent] }), '200')
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

/** Latents that look wrong and are decoded all the same, with a word to whoever sent them. */
export async function sendSuspicious(cast: Cast, key: string): Promise<void> {
  const query = `output_type=pil&${shapeOf(64)}&dtype=float16&scaling_factor=0.3611`
  const told = await cast.decode('sd-v1', key, { query }, 64)
  cast.expect('the factor of another model', told, '200')
  if (!/^x-vae-warning: scaling-factor-of-another-model/im.test(told.head))
    cast.complaints.push(`the factor of another model is not warned of: ${told.head}`)
}

/** Pictures and pixels in each form in which they can come; where an URL is both, a picture makes it an encode. */
export async function encodeAllForms(cast: Cast, key: string): Promise<void> {
  const { words } = cast
  for (const type of PICTURE_TYPES) {
    for (const route of ['POST /v1/encode/{model}', 'POST /{model}']) {
      const picture = words.picture(`a picture as ${type}`, type)
      const facts = { route, headers: [['content-type', type]] as const, body: picture, owns: [picture] }
      cast.expect(`${type} to ${route}`, await cast.encode('plain', key, facts), '200')
    }
  }
  const unnamed = { headers: [['content-type', 'application/octet-stream']] as const }
  cast.expect('a picture of no type', await cast.encode('plain', key, unnamed), '200')
  const pixels = words.latent('pixels', 16).subarray(0, 1_536)
  const numbers = {
    query: 'shape=1&shape=3&shape=16&shape=16&dtype=float16',
    headers: TENSOR,
    body: pixels,
    owns: [pixels],
  }
  cast.expect('pixels', await cast.encode('plain', key, numbers), '200')
  const picture = words.picture('a picture in JSON')
  const json = {
    headers: ['content-type', 'accept'].map((name) => [name, 'application/json'] as const),
    body: Buffer.from(JSON.stringify({ inputs: picture.toString('base64') })),
    owns: [picture],
  }
  cast.expect('a picture in JSON', await cast.encode('plain', key, json), '200')
}
