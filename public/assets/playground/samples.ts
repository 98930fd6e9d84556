/** Latents of public photographs, and of a clip, that come with the gateway. */

import { addItem, type Item, type Order } from './item.ts'
import { readTensor } from './tensor/read-tensor.ts'
import type { Tensor } from './tensor/tensor.ts'

export interface Sample {
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

const fetched = new Map<Sample, Promise<Tensor>>()

/** @throws where the gateway does not answer */
export function fetchSample(sample: Sample): Promise<Tensor> {
  const known = fetched.get(sample) ?? load(sample)
  fetched.set(sample, known)
  // The next that asks tries again.
  known.catch(() => fetched.delete(sample))
  return known
}

async function load({ file, shape }: Sample): Promise<Tensor> {
  const answer = await fetch(`/assets/samples/${file}`, { credentials: 'omit' })
  if (!answer.ok) throw new Error('not there')
  return readTensor(await answer.arrayBuffer(), { shape, dtype: 'float16' })
}

/** Takes a sample onto the table. */
export async function addSample(sample: Sample): Promise<Item> {
  const { file, order } = sample
  try {
    return addItem(file, { kind: 'latent', tensor: await fetchSample(sample) }, order)
  } catch {
    return addItem(file, { kind: 'unreadable', why: 'The sample could not be loaded.' })
  }
}
