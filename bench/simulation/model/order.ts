/** What a request asks for, read as the gateway reads it, and the answer that a sound backend gives. Made once per size. */
import type { DecodeJob } from '../../../src/dispatch/job.ts'
import { type DecodeOrder, readOrder } from '../../../src/http/decode-order.ts'
import { taskOf } from '../../../src/models/operation.ts'
import { builtIn, findModel } from '../../../src/models/registry.ts'

/** The size of a picture, or of a video. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** 1: an image. */
  readonly frames: number
}

export interface Order
  extends Pick<DecodeJob, 'model' | 'query' | 'body' | 'expected' | 'maxAnswerBytes' | 'predictedMs'> {
  readonly size: Pixels
  /** What a sound backend answers. */
  readonly answer: { readonly type: string; readonly bytes: Uint8Array }
}

/** Every backend decodes with both. */
export const MODELS = { image: 'sdxl', video: 'wan-2.1' } as const

const orders = new Map<number, Order>()

export function orderOf(size: Pixels): Order {
  const id = (size.frames * 65_536 + size.height) * 65_536 + size.width
  const known = orders.get(id)
  if (known) return known
  const made = makeOrder(size)
  orders.set(id, made)
  return made
}

function makeOrder(size: Pixels): Order {
  const kind = size.frames > 1 ? 'video' : 'image'
  const { model, upstreamQuery, expected, maxAnswerBytes, predictedMs, bodyBytes } = read(size, MODELS[kind])
  return {
    size,
    model: taskOf(model.id, 'decode'),
    query: upstreamQuery,
    body: new ArrayBuffer(bodyBytes),
    expected,
    maxAnswerBytes,
    predictedMs,
    answer:
      kind === 'video' ? { type: 'video/mp4', bytes: VIDEO } : { type: 'image/jpeg', bytes: jpeg(size) },
  }
}

function read({ width, height, frames }: Pixels, id: string): DecodeOrder {
  const model = findModel(id)
  const side = model?.spatialCompression
  if (!model || !side) throw new Error(`${id} is unknown.`)
  const { channels, kind } = model
  const latentFrames = model.frames.kind === 'causal' ? (frames - 1) / model.frames.stride + 1 : frames
  const axes = [1, channels, ...(kind === 'video' ? [latentFrames] : []), height / side, width / side]
  const query = new URLSearchParams({ output_type: kind === 'video' ? 'mp4' : 'pil', dtype: 'float16' })
  for (const axis of axes) query.append('shape', String(axis))
  const order = readOrder(query, undefined, id, new Set(Object.values(MODELS)), builtIn)
  if (!order.ok) throw new Error(`${width}x${height}x${frames}: ${order.error.detail}`)
  return order.value
}

/** The marks of a picture: its kind, its size and its end. */
function jpeg({ width, height }: Pixels): Uint8Array {
  const [w1, w2, h1, h2] = [width >> 8, width & 255, height >> 8, height & 255]
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, h1, h2, w1, w2, 1, 1, 0x11, 0, 0xff, 0xd9)
}

const box = (kind: string): number[] => [0, 0, 0, 8, ...[...kind].map((char) => char.charCodeAt(0))]

/** The marks of a video. */
const VIDEO = Uint8Array.from(['ftyp', 'moov', 'mdat'].flatMap(box))
