/** The same request in the words of a reader's own program. */

import type { Item } from './item.ts'
import { findModel } from './models.ts'
import { requestOf } from './request.ts'
import type { Tensor } from './tensor/tensor.ts'

export const LANGUAGES = ['Python', 'curl', 'TypeScript'] as const
export type Language = (typeof LANGUAGES)[number]

/** @param origin of the gateway; KEY stands where the reader's key goes */
export function snippetOf(language: Language, item: Item, origin: string): string {
  if (item.source.kind === 'picture') return encodeSnippet(language, item, origin)
  if (item.source.kind !== 'latent') return ''
  switch (language) {
    case 'Python':
      return python(item, origin)
    case 'curl':
      return curl(item, origin)
    case 'TypeScript':
      return typescript(item, item.source.tensor, origin)
  }
}

function python({ order }: Item, origin: string): string {
  const { size, format, isScaled, modelId } = order
  const scaling = findModel(modelId)?.scaling
  const args = [
    `endpoint="${origin.replace('//', '//x:KEY@')}/${modelId}"`,
    'tensor=latent',
    ...(isScaled
      ? ['do_scaling=False']
      : scaling?.kind === 'factor'
        ? [`scaling_factor=${scaling.factor}`, ...(scaling.shift ? [`shift_factor=${scaling.shift}`] : [])]
        : []),
    ...(size ? [`height=${size.height}`, `width=${size.width}`] : []),
    ...(format === 'mp4'
      ? ['output_type="mp4"', 'return_type="mp4"']
      : format === 'png'
        ? ['output_type="pil"', 'image_format="png"']
        : []),
  ]
  const save = format === 'mp4' ? 'open("video.mp4", "wb").write(answer)' : `answer.save("picture.${format}")`
  return [
    'from diffusers.utils.remote_utils import remote_decode',
    '',
    'answer = remote_decode(',
    ...args.map((arg) => `    ${arg},`),
    ')',
    save,
  ].join('\n')
}

function curl(item: Item, origin: string): string {
  const { path, headers } = requestOf(item)
  const isVideo = item.order.format === 'mp4'
  return [
    `curl --fail-with-body -o ${isVideo ? 'video' : 'picture'}.${item.order.format} \\`,
    "  -H 'Authorization: Bearer KEY' \\",
    ...Object.entries(headers).map(([name, value]) => `  -H '${name}: ${value}' \\`),
    '  --data-binary @latent.bin \\',
    `  '${origin}${path}'`,
  ].join('\n')
}

function typescript({ order }: Item, { shape, dtype }: Tensor, origin: string): string {
  const options = [
    `model: '${order.modelId}'`,
    ...(order.isScaled ? ['scaling: false'] : []),
    ...(order.size ? [`height: ${order.size.height}`, `width: ${order.size.width}`] : []),
    ...(order.format === 'mp4' ? ["output: 'mp4'"] : [`output: '${order.format}'`]),
  ]
  return [
    "import { createClient } from 'vae-gateway/client'",
    '',
    `const client = createClient({ endpoint: '${origin}', apiKey: 'KEY' })`,
    `const latent = { shape: [${shape.join(', ')}], dtype: '${dtype}', data }`,
    `const answer = await client.decode(latent, { ${options.join(', ')} })`,
    'const blob = await answer.blob()',
  ].join('\n')
}

function encodeSnippet(language: Language, { order }: Item, origin: string): string {
  const { modelId } = order
  const scaling = findModel(modelId)?.scaling
  const factors =
    scaling?.kind === 'factor'
      ? [`scaling_factor=${scaling.factor}`, ...(scaling.shift ? [`shift_factor=${scaling.shift}`] : [])]
      : []
  switch (language) {
    case 'Python':
      return [
        'from diffusers.utils.remote_utils import remote_encode',
        '',
        'latent = remote_encode(',
        ...[`endpoint="${origin.replace('//', '//x:KEY@')}/${modelId}"`, 'image=picture', ...factors].map(
          (arg) => `    ${arg},`,
        ),
        ')',
      ].join('\n')
    case 'curl':
      return [
        'curl --fail-with-body -o latent.bin -D headers.txt \\',
        "  -H 'Authorization: Bearer KEY' --data-binary @picture.png \\",
        `  '${origin}/v1/encode/${modelId}${factors.length > 0 ? `?${factors.join('&')}` : ''}'`,
      ].join('\n')
    case 'TypeScript':
      return [
        "import { createClient } from 'vae-gateway/client'",
        '',
        `const client = createClient({ endpoint: '${origin}', apiKey: 'KEY' })`,
        `const latent = await client.encode(picture, { model: '${modelId}' })`,
      ].join('\n')
  }
}
