/** By diffusers, as its users have it. */

import type { Tensor } from '../../../../src/client/index.ts'
import type { Item } from '../item.ts'
import { findModel } from '../models.ts'
import type { Order } from '../order.ts'
import type { LatentFile } from '../source.ts'

export function python({ name, source, order }: Item, origin: string): string {
  const endpoint = `${origin.replace('//', '//x:KEY@')}/${order.modelId}`
  if (source.kind === 'picture') return encode(name, order, endpoint)
  if (source.kind !== 'latent') return ''
  const { imports, expression } = reader(name, source.tensor, source.file)
  const { format } = order
  const save = format === 'mp4' ? 'open("video.mp4", "wb").write(answer)' : `answer.save("picture.${format}")`
  return [
    ...imports,
    'from diffusers.utils.remote_utils import remote_decode',
    '',
    `latent = ${expression}`,
    'answer = remote_decode(',
    ...[`endpoint="${endpoint}"`, 'tensor=latent', ...scalingOf(order), ...formOf(order)].map(
      (arg) => `    ${arg},`,
    ),
    ')',
    save,
  ].join('\n')
}

/** remote_encode itself knows no scaling but by a factor. */
function encode(name: string, order: Order, endpoint: string): string {
  const factors = scalingOf(order).filter((arg) => arg !== 'do_scaling=False')
  const query = order.scaling === 'model' && factors.length === 0 ? '?do_scaling=True' : ''
  return [
    'from diffusers.utils.remote_utils import remote_encode',
    'from PIL import Image',
    '',
    'latent = remote_encode(',
    ...[`endpoint="${endpoint}${query}"`, `image=Image.open(${quote(name)})`, ...factors].map(
      (arg) => `    ${arg},`,
    ),
    ')',
  ].join('\n')
}

function reader(
  name: string,
  { shape, dtype }: Tensor,
  { kind, tensorName }: LatentFile,
): { readonly imports: readonly string[]; readonly expression: string } {
  const file = quote(name)
  switch (kind) {
    case 'npy':
      return {
        imports: ['import numpy', 'import torch'],
        expression: `torch.from_numpy(numpy.load(${file}))`,
      }
    case 'safetensors':
      return {
        imports: ['from safetensors.torch import load_file'],
        expression: `load_file(${file})[${quote(tensorName ?? '')}]`,
      }
    case 'raw':
      return {
        imports: ['import torch'],
        expression: [
          'torch.frombuffer(',
          `    bytearray(open(${file}, "rb").read()), dtype=torch.${dtype}`,
          `).reshape(${shape.join(', ')})`,
        ].join('\n'),
      }
  }
}

function scalingOf({ modelId, scaling }: Order): string[] {
  if (scaling === 'none') return ['do_scaling=False']
  const known = findModel(modelId)?.scaling
  if (known?.kind !== 'factor') return []
  return [`scaling_factor=${known.factor}`, ...(known.shift ? [`shift_factor=${known.shift}`] : [])]
}

function formOf({ size, format }: Order): string[] {
  const sides = size ? [`height=${size.height}`, `width=${size.width}`] : []
  if (format === 'mp4') return [...sides, 'output_type="mp4"', 'return_type="mp4"']
  return [...sides, ...(format === 'png' ? ['output_type="pil"', 'image_format="png"'] : [])]
}

const quote = (text: string): string => JSON.stringify(text)
