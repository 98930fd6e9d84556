/** Pixels in the orders that pictures and tensors want them, of some of the rows of a frame. */
import type { Work } from './turns.ts'
import type { Upsampler } from './upsampler.ts'

/** -1..1 to 0..255, rounded. */
export const toByte = (value: number): number => (value * 127.5 + 128) | 0

/** Interleaved bytes, [rows, W, channels]; a fourth channel is opaque. */
export function* interleavedRows(
  picture: Upsampler,
  channels: 3 | 4,
  from: number,
  to: number,
): Work<Uint8Array<ArrayBuffer>> {
  const { width } = picture
  const pixels = new Uint8Array(width * (to - from) * channels).fill(255)
  const row = new Float32Array(width)
  for (let y = from; y < to; y++) {
    for (let colour = 0; colour < 3; colour++) {
      picture.readRow(colour, y, row)
      let at = (y - from) * width * channels + colour
      for (let x = 0; x < width; x++, at += channels) pixels[at] = toByte(row[x] as number)
    }
    yield 3 * width
  }
  return pixels
}

/** One colour as float16, [rows, W], in -1..1 or, for `unit`, 0..1. */
export function* halfRows(
  picture: Upsampler,
  colour: number,
  range: 'signed' | 'unit',
  from: number,
  to: number,
): Work<Float16Array<ArrayBuffer>> {
  const { width } = picture
  const rows = new Float16Array(width * (to - from))
  const row = new Float32Array(width)
  for (let y = from; y < to; y++) {
    picture.readRow(colour, y, row)
    if (range === 'unit') for (let x = 0; x < width; x++) row[x] = (row[x] as number) * 0.5 + 0.5
    rows.set(row, (y - from) * width)
    yield 2 * width
  }
  return rows
}
