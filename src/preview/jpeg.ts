/**
 * A JPEG made row by row of blocks (ITU-T T.81, baseline), so that a large picture keeps nobody waiting. Brightness and
 * colours have the same tables and the same resolution: a preview is soft, and fine detail is not what its bytes go to.
 */
import { dct } from './dct.ts'
import { JpegBits } from './jpeg-bits.ts'
import { QUANTISATION, segmentsOf, ZIGZAG } from './jpeg-tables.ts'
import type { Work } from './turns.ts'
import type { Upsampler } from './upsampler.ts'

/** Pixels of a block's side. */
const SIDE = 8

const UNITS_PER_PIXEL = 12

const ORDER = Uint8Array.from(ZIGZAG)
const PER_STEP = Float32Array.from(QUANTISATION, (step) => 1 / step)

export function* encodeJpeg(picture: Upsampler): Work<Uint8Array> {
  const { width, height } = picture
  const bits = new JpegBits(segmentsOf(width, height))
  const rows = [0, 1, 2].map(() => Array.from({ length: SIDE }, () => new Float32Array(width)))
  const before = [0, 0, 0]
  const blocks = [0, 1, 2].map(() => new Float32Array(SIDE * SIDE))
  for (let top = 0; top < height; top += SIDE) {
    // Beyond the edge the last row and column repeat.
    rows.forEach((lines, colour) => {
      lines.forEach((line, y) => {
        picture.readRow(colour, Math.min(top + y, height - 1), line)
      })
    })
    for (let left = 0; left < width; left += SIDE) {
      readBlocks(rows, left, width, blocks)
      for (let component = 0; component < 3; component++) {
        const block = blocks[component] as Float32Array
        dct(block)
        before[component] = writeBlock(bits, block, before[component] as number)
      }
    }
    yield width * SIDE * UNITS_PER_PIXEL
  }
  return bits.end()
}

/** Brightness and the two differences of colour (JFIF), in -128..127. */
function readBlocks(
  rows: readonly Float32Array[][],
  left: number,
  width: number,
  blocks: readonly Float32Array[],
): void {
  const [brightness, blueness, redness] = blocks as [Float32Array, Float32Array, Float32Array]
  for (let y = 0, at = 0; y < SIDE; y++) {
    const [reds, greens, blues] = rows.map((lines) => lines[y]) as [Float32Array, Float32Array, Float32Array]
    for (let x = left; x < left + SIDE; x++, at++) {
      const column = Math.min(x, width - 1)
      const red = (reds[column] as number) * 127.5
      const blue = (blues[column] as number) * 127.5
      const luma = 0.299 * red + 0.587 * 127.5 * (greens[column] as number) + 0.114 * blue
      brightness[at] = luma - 0.5
      blueness[at] = (blue - luma) / 1.772
      redness[at] = (red - luma) / 1.402
    }
  }
}

/** @returns its mean, of which the next block tells the difference */
function writeBlock(bits: JpegBits, block: Float32Array, before: number): number {
  const mean = Math.round((block[0] as number) * (PER_STEP[0] as number))
  bits.mean(mean - before)
  let zeros = 0
  for (let i = 1; i < SIDE * SIDE; i++) {
    const value = (block[ORDER[i] as number] as number) * (PER_STEP[i] as number)
    if (value >= -0.5 && value < 0.5) zeros++
    else {
      bits.detail(zeros, Math.round(value))
      zeros = 0
    }
  }
  if (zeros > 0) bits.endOfBlock()
  return mean
}
