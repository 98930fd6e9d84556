/** A request as it is sent, and as it is shown to be copied. */
import type { Item } from './item.ts'

export interface WireRequest {
  /** Below the gateway: `/v1/decode/sdxl?shape=1&…` */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Blob | Uint8Array<ArrayBuffer>
}

const TYPES = { png: 'image/png', jpg: 'image/jpeg', mp4: 'video/mp4' } as const

/** @param item something that misses nothing */
export function requestOf({ source, order }: Item): WireRequest {
  if (source.kind === 'picture') {
    const path = `/v1/encode/${order.modelId}${order.isScaled ? '' : `?${encodeScaling}`}`
    return { path, headers: { 'content-type': source.file.type, accept: 'tensor/binary' }, body: source.file }
  }
  if (source.kind !== 'latent') throw new Error('nothing to send')
  const { tensor } = source
  const query = new URLSearchParams()
  for (const size of tensor.shape) query.append('shape', String(size))
  query.set('dtype', tensor.dtype)
  query.set('do_scaling', order.isScaled ? 'False' : 'True')
  query.set('output_type', order.format === 'mp4' ? 'mp4' : 'pil')
  if (order.format !== 'mp4') query.set('image_format', order.format)
  if (order.size) {
    query.set('height', String(order.size.height))
    query.set('width', String(order.size.width))
  }
  const { buffer, byteOffset, byteLength } = tensor.data
  return {
    path: `/v1/decode/${order.modelId}?${query}`,
    headers: { 'content-type': 'tensor/binary', accept: TYPES[order.format] },
    body: new Uint8Array(buffer, byteOffset, byteLength),
  }
}

const encodeScaling = 'do_scaling=True'
