/** A PNG made row by row (W3C PNG, third edition), compressed in native code. */
import { crc32 } from '../lib/crc32.ts'
import { interleavedRows } from './pixels.ts'
import type { Turns } from './turns.ts'
import type { Upsampler } from './upsampler.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const CHANNELS = 3

/** Each byte less the one above it: an enlarged picture changes little from row to row. */
const FILTER_UP = 2

/** Pixels that are compressed at a time, about. */
const BAND_PIXELS = 32_768
const UNITS_PER_PIXEL = 15

export async function encodePng(picture: Upsampler, turns: Turns): Promise<Uint8Array> {
  const { width, height } = picture
  const { readable, writable } = new CompressionStream('deflate')
  const packed = new Response(readable).bytes()
  // It is not waited for when the work is given up.
  packed.catch(() => undefined)
  const writer = writable.getWriter()
  const rows = Math.max(1, Math.floor(BAND_PIXELS / width))
  let above: Uint8Array = new Uint8Array(width * CHANNELS)
  for (let top = 0; top < height; top += rows) {
    const bottom = Math.min(top + rows, height)
    const pixels = await turns.run(interleavedRows(picture, CHANNELS, top, bottom))
    await writer.write(filtered(pixels, above))
    above = pixels.subarray(-above.length)
    const pause = turns.spend(width * (bottom - top) * UNITS_PER_PIXEL)
    if (pause) await pause
  }
  await writer.close()
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  // Eight bits of red, green and blue; the one compression, the one set of filters, not interlaced.
  header.setUint32(8, 0x08_02_00_00)
  const parts = [chunk('IHDR', new Uint8Array(header.buffer)), chunk('IDAT', await packed), chunk('IEND')]
  return new Blob([SIGNATURE, ...parts.flat()]).bytes()
}

/** Rows with their filter before each. */
function filtered(pixels: Uint8Array, above: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = above.length
  const rows = new Uint8Array((pixels.length / length) * (length + 1))
  let at = 0
  for (let start = 0; start < pixels.length; start += length) {
    rows[at++] = FILTER_UP
    for (let i = 0; i < length; i++) {
      const before = start === 0 ? above[i] : pixels[start - length + i]
      rows[at++] = (pixels[start + i] as number) - (before as number)
    }
  }
  return rows
}

function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer>[] {
  const named = new Uint8Array(4 + data.length)
  named.set(new TextEncoder().encode(type))
  named.set(data, 4)
  return [bigEndian(data.length), named, bigEndian(crc32(named))]
}

function bigEndian(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
