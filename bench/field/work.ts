/** Sizes as they travel: the request of a client, and what a backend reads of it. */

import { writeFloats } from '../../src/wire/tensor.ts'
import { VIDEO_FILE } from '../../test/support/answers.ts'
import { bytesOf, picture } from '../performance/cells.ts'
import type { Size } from '../scenario.ts'

export type Pixels = Pick<Size, 'width' | 'height' | 'frames'>

/** Pixels per latent element along a side, and frames of a video per latent frame after the first. */
const SIDE = 8
const STRIDE = 4

/** Models of the gateway under test, which has a pool for each scenario. */
export const IMAGE_MODEL = { kind: 'image', channels: 4, spatialCompression: SIDE, scalingFactor: 1 } as const
export const VIDEO_MODEL = {
  ...IMAGE_MODEL,
  kind: 'video',
  channels: 16,
  frames: { kind: 'causal', stride: STRIDE },
} as const

export const modelOf = (scenario: number, { frames }: Pixels): string =>
  `field-${scenario}-${frames > 1 ? 'video' : 'image'}`

function latentShape({ width, height, frames }: Pixels): number[] {
  const [rows, columns] = [height / SIDE, width / SIDE]
  if (frames === 1) return [1, IMAGE_MODEL.channels, rows, columns]
  return [1, VIDEO_MODEL.channels, (frames - 1) / STRIDE + 1, rows, columns]
}

export interface Request {
  readonly path: string
  readonly accept: string
  readonly body: Buffer
}

export function requestOf(model: string, pixels: Pixels): Request {
  const shape = latentShape(pixels)
  const isVideo = pixels.frames > 1
  const query = `output_type=${isVideo ? 'mp4' : 'pil'}&do_scaling=False&dtype=float16`
  return {
    path: `/${model}?${query}&${shape.map((size) => `shape=${size}`).join('&')}`,
    accept: isVideo ? 'video/mp4' : 'image/jpeg',
    body: latentOf(shape.reduce((product, size) => product * size)),
  }
}

const latents = new Map<number, Buffer>()

/** Numbers as a latent has them, made once per length. */
function latentOf(length: number): Buffer {
  const known = latents.get(length)
  if (known) return known
  const values = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7) * Math.SQRT2)
  const made = Buffer.from(writeFloats(values, 'float16'))
  latents.set(length, made)
  return made
}

export function pixelsOf(query: URLSearchParams): Pixels {
  const shape = query.getAll('shape').map(Number)
  const [rows = 0, columns = 0] = shape.slice(-2)
  const frames = shape.length === 5 ? ((shape[2] ?? 1) - 1) * STRIDE + 1 : 1
  return { width: columns * SIDE, height: rows * SIDE, frames }
}

const ANSWER_BYTES = 30_000

/** A picture that has the marks of one, or a video that has those. */
export function answerOf({ width, height, frames }: Pixels): { type: string; bytes: Buffer } {
  if (frames > 1) return { type: 'video/mp4', bytes: VIDEO_FILE }
  return { type: 'image/jpeg', bytes: bytesOf(picture(ANSWER_BYTES, 'image/jpeg', width, height)) }
}
