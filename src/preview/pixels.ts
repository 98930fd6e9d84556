/** Pixels in the orders that pictures and tensors want them. */
import type { Upsampler } from './upsampler.ts'

/** -1..1 to 0..255, rounded. */
export const toByte = (value: number): number => Math.round((value * 0.5 + 0.5) * 255)

/** One frame as interleaved bytes, [H, W, channels]; a fourth channel is opaque. */
export function interleavedBytes(picture: Upsampler, channels: 3 | 4): Uint8Array<ArrayBuffer> {
  const { width, height } = picture
  const pixels = new Uint8Array(width * height * channels).fill(255)
  const row = new Float32Array(width)
  for (let colour = 0; colour < 3; colour++) {
    for (let y = 0; y < height; y++) {
      picture.readRow(colour, y, row)
      let at = y * width * channels + colour
      for (let x = 0; x < width; x++, at += channels) pixels[at] = toByte(row[x] as number)
    }
  }
  return pixels
}

/** One colour of one frame as float16, [H, W], in -1..1 or, for `unit`, 0..1. */
export function planeHalves(
  picture: Upsampler,
  colour: number,
  range: 'signed' | 'unit',
): Float16Array<ArrayBuffer> {
  const { width, height } = picture
  const plane = new Float16Array(width * height)
  const row = new Float32Array(width)
  for (let y = 0; y < height; y++) {
    picture.readRow(colour, y, row)
    if (range === 'unit') for (let x = 0; x < width; x++) row[x] = (row[x] as number) * 0.5 + 0.5
    plane.set(row, y * width)
  }
  return plane
}
