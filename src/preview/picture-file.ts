import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { interleavedBytes } from './pixels.ts'
import type { Upsampler } from './upsampler.ts'

const JPEG_QUALITY = 90

/** A frame as the bytes of a picture file. */
export function encodePicture(picture: Upsampler, mediaType: 'image/jpeg' | 'image/png'): Uint8Array {
  const { width, height } = picture
  return mediaType === 'image/png'
    ? encodePng({ width, height, channels: 3, depth: 8, data: interleavedBytes(picture, 3) })
    : encodeJpeg({ width, height, data: interleavedBytes(picture, 4) }, JPEG_QUALITY).data
}
