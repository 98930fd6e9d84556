/** Latents of public photographs, and of a clip, that come with the gateway. */

import { addItem, type Item, type Order } from './item.ts'
import { readTensor } from './tensor/read-tensor.ts'

interface Sample {
  readonly title: string
  readonly file: string
  readonly shape: readonly number[]
  readonly order: Partial<Order> & { readonly modelId: string }
}

export const SAMPLES: readonly Sample[] = [
  {
    title: 'Astronaut',
    file: 'sd-v1.astronaut.1x4x64x64.f16.bin',
    shape: [1, 4, 64, 64],
    order: { modelId: 'sd-v1' },
  },
  {
    title: 'Chelsea',
    file: 'sdxl.chelsea.1x4x40x56.f16.bin',
    shape: [1, 4, 40, 56],
    order: { modelId: 'sdxl' },
  },
  {
    title: 'Coffee',
    file: 'flux-packed.coffee.1x1536x64.f16.bin',
    shape: [1, 1536, 64],
    order: { modelId: 'flux', size: { height: 512, width: 768 } },
  },
  {
    title: 'Clip',
    file: 'wan-2.1.clip.1x16x5x40x64.f16.bin',
    shape: [1, 16, 5, 40, 64],
    order: { modelId: 'wan-2.1', format: 'mp4' },
  },
]

/** Takes a sample onto the table. */
export async function addSample({ file, shape, order }: Sample): Promise<Item> {
  try {
    const answer = await fetch(`/assets/samples/${file}`)
    if (!answer.ok) throw new Error('not there')
    const tensor = await readTensor(await answer.arrayBuffer(), { shape, dtype: 'float16' })
    return addItem(file, { kind: 'latent', tensor }, order)
  } catch {
    return addItem(file, { kind: 'unreadable', why: 'The sample could not be loaded.' })
  }
}
