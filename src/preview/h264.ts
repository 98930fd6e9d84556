/**
 * The smallest H.264 that every player decodes: key frames of uncompressed macroblocks (I_PCM) and "same as
 * before" frames of skipped ones. No encoder library runs inside a Worker (they compile code at run time or need
 * WebCodecs), and a preview of a latent has one picture per latent frame, so holding it costs a few bytes.
 * Clause numbers are those of ITU-T H.264 (08/2021).
 */

import { BitWriter } from './bit-writer.ts'
import type { Work } from './turns.ts'

/** Pixels of one macroblock side. */
const MB = 16
/** Luma 16x16 and two chroma 8x8, after two bytes of macroblock header. */
const MB_BYTES = 2 + 384

/** Sequence parameter set (7.3.2.1): constrained baseline, level 5.1, no B frames, BT.709 limited range. */
export function sequenceParameters(width: number, height: number): Uint8Array<ArrayBuffer> {
  const columns = Math.ceil(width / MB)
  const rows = Math.ceil(height / MB)
  const cropRight = (columns * MB - width) / 2
  const cropBottom = (rows * MB - height) / 2
  const set = new BitWriter().bits(0x67, 8).bits(66, 8).bits(0b11000000, 8).bits(51, 8)
  set.ue(0) // seq_parameter_set_id
  set.ue(0) // log2_max_frame_num - 4
  set.ue(2) // pic_order_cnt_type: output order is decoding order
  set.ue(1).bits(0, 1) // one reference frame, no gaps
  set.ue(columns - 1).ue(rows - 1)
  set.bits(1, 1).bits(1, 1) // frame_mbs_only, direct_8x8_inference
  const crops = cropRight > 0 || cropBottom > 0
  set.bits(crops ? 1 : 0, 1)
  if (crops) set.ue(0).ue(cropRight).ue(0).ue(cropBottom)
  set.bits(1, 1).bits(0, 1).bits(0, 1) // vui: no aspect ratio, no overscan
  set.bits(1, 1).bits(5, 3).bits(0, 1).bits(1, 1).bits(1, 8).bits(1, 8).bits(1, 8) // BT.709, limited range
  set.bits(0, 1).bits(0, 1).bits(0, 1).bits(0, 1).bits(0, 1).bits(0, 1) // chroma location .. restrictions
  return withEmulationPrevention(set.stop().bytes)
}

/** Picture parameter set (7.3.2.2): CAVLC, one slice, deblocking off per slice. */
export function pictureParameters(): Uint8Array<ArrayBuffer> {
  const set = new BitWriter().bits(0x68, 8).ue(0).ue(0)
  set.bits(0, 1).bits(0, 1) // CAVLC, no field order
  set.ue(0).ue(0).ue(0) // one slice group, one reference in each list
  set.bits(0, 1).bits(0, 2) // no weighted prediction
  set.ue(0).ue(0).ue(0) // qp, qs and chroma offsets of 0 (signed codes, same for 0)
  set.bits(1, 1).bits(0, 1).bits(0, 1) // deblocking control present
  return withEmulationPrevention(set.stop().bytes)
}

/** A picture in 4:2:0. Samples are limited range, so never 0. */
export interface YuvFrame {
  readonly width: number
  readonly height: number
  /** [H, W] */
  readonly y: Uint8Array
  /** [H/2, W/2] */
  readonly cb: Uint8Array
  /** [H/2, W/2] */
  readonly cr: Uint8Array
}

/** A key frame (IDR slice, 7.3.3) of I_PCM macroblocks (7.3.5). `id` tells neighbouring key frames apart. */
export function* keyFrame(frame: YuvFrame, id: number): Work<Uint8Array<ArrayBuffer>> {
  const columns = Math.ceil(frame.width / MB)
  const rows = Math.ceil(frame.height / MB)
  const head = new BitWriter().bits(0x65, 8)
  head.ue(0).ue(7).ue(0) // first macroblock, I slice, parameter set
  head.bits(0, 4).ue(id % 2) // frame_num, idr_pic_id
  head.bits(0, 2) // output what came before, short-term reference
  head.ue(0).ue(1) // qp delta, deblocking off
  head.ue(25) // mb_type I_PCM, aligned to the byte by the writer's zeros
  const first = head.bytes
  const unit = new Uint8Array(first.length + columns * rows * MB_BYTES - 2 + 1)
  unit.set(first)
  let at = first.length
  for (let my = 0; my < rows; my++) {
    for (let mx = 0; mx < columns; mx++) {
      // ue(25) is 000011010, then zeros to the byte; the first one stands in the slice header already.
      if (my > 0 || mx > 0) {
        unit[at++] = 0x0d
        unit[at++] = 0x00
      }
      at = copyBlock(unit, at, frame.y, frame.width, frame.height, mx, my, MB)
      at = copyBlock(unit, at, frame.cb, frame.width / 2, frame.height / 2, mx, my, MB / 2)
      at = copyBlock(unit, at, frame.cr, frame.width / 2, frame.height / 2, mx, my, MB / 2)
    }
    yield columns * MB_BYTES
  }
  unit[at] = 0x80
  // Limited-range samples are never 0, so nothing in here looks like a start code.
  return unit
}

/** A frame that repeats the one before: every macroblock of a P slice skipped. `number` counts from the key frame. */
export function repeatFrame(width: number, height: number, number: number): Uint8Array<ArrayBuffer> {
  const slice = new BitWriter().bits(0x41, 8)
  slice.ue(0).ue(5).ue(0) // first macroblock, P slice, parameter set
  slice.bits(number % 16, 4)
  slice.bits(0, 1).bits(0, 1).bits(0, 1) // default references, sliding window
  slice.ue(0).ue(1) // qp delta, deblocking off
  slice.ue(Math.ceil(width / MB) * Math.ceil(height / MB)) // mb_skip_run
  return withEmulationPrevention(slice.stop().bytes)
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) with four-byte lengths. */
export function decoderConfiguration(
  sps: Uint8Array<ArrayBuffer>,
  pps: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const [, profile = 0, compatibility = 0, level = 0] = sps
  return Uint8Array.of(
    ...[1, profile, compatibility, level, 0xff],
    ...[0xe1, sps.length >> 8, sps.length & 0xff, ...sps],
    ...[1, pps.length >> 8, pps.length & 0xff, ...pps],
  )
}

/** Copies a block; beyond the edge of the picture the last row and column repeat, and cropping hides them. */
function copyBlock(
  unit: Uint8Array,
  at: number,
  plane: Uint8Array,
  width: number,
  height: number,
  column: number,
  row: number,
  size: number,
): number {
  for (let y = row * size; y < (row + 1) * size; y++) {
    const line = Math.min(y, height - 1) * width
    for (let x = column * size; x < (column + 1) * size; x++) {
      unit[at++] = plane[line + Math.min(x, width - 1)] as number
    }
  }
  return at
}

/** No two zero bytes may be followed by 0 to 3 inside a unit (7.4.1). */
function withEmulationPrevention(bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const safe: number[] = []
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      safe.push(3)
      zeros = 0
    }
    safe.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(safe)
}
