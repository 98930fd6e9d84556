/** The same request in the words of a reader's own program. */

import type { Item } from './item.ts'
import { findModel } from './models.ts'
import { requestOf } from './request.ts'

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
      return typescript(item, origin)
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

function typescript(item: Item, origin: string): string {
  const { path, headers } = requestOf(item)
  const isPicture = item.source.kind === 'picture'
  const lines = Object.entries(headers).map(([name, value]) => `    '${name}': '${value}',`)
  return [
    `const answer = await fetch('${origin}${path}', {`,
    "  method: 'POST',",
    '  headers: {',
    "    authorization: 'Bearer KEY',",
    ...lines,
    '  },',
    `  body: ${isPicture ? 'picture' : 'latent'},`,
    '})',
    'if (!answer.ok) throw new Error((await answer.json()).detail)',
    ...(isPicture
      ? [
          "const shape = JSON.parse(answer.headers.get('shape') ?? '[]')",
          'const latent = await answer.arrayBuffer()',
        ]
      : [`const ${item.order.format === 'mp4' ? 'video' : 'picture'} = await answer.blob()`]),
  ].join('\n')
}

function encodeSnippet(language: Language, item: Item, origin: string): string {
  const { modelId, isScaled } = item.order
  const scaling = findModel(modelId)?.scaling
  const factors =
    scaling?.kind === 'factor' && !isScaled
      ? [`scaling_factor=${scaling.factor}`, ...(scaling.shift ? [`shift_factor=${scaling.shift}`] : [])]
      : []
  // remote_encode itself knows one factor only.
  const needsAsking = !isScaled && factors.length === 0
  switch (language) {
    case 'Python':
      return [
        'from diffusers.utils.remote_utils import remote_encode',
        '',
        'latent = remote_encode(',
        `    endpoint="${origin.replace('//', '//x:KEY@')}/${modelId}${needsAsking ? '?do_scaling=True' : ''}",`,
        ...['image=picture', ...factors].map((arg) => `    ${arg},`),
        ')',
      ].join('\n')
    case 'curl':
      return [
        'curl --fail-with-body -o latent.bin -D headers.txt \\',
        "  -H 'Authorization: Bearer KEY' \\",
        ...Object.entries(requestOf(item).headers).map(([name, value]) => `  -H '${name}: ${value}' \\`),
        '  --data-binary @picture.png \\',
        `  '${origin}${requestOf(item).path}'`,
      ].join('\n')
    case 'TypeScript':
      return typescript(item, origin)
  }
}
