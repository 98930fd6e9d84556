/** A preview video: one picture per latent frame, held for the frames it stands for. */
import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny'
import type { PixelSize } from '../models/geometry.ts'
import * as h264 from './h264.ts'
import type { Turns, Work } from './turns.ts'
import type { Upsampler } from './upsampler.ts'

const FRAMES_PER_SECOND = 24

/** What the container costs. */
const UNITS_PER_FRAME = 20_000

/**
 * @param frameCount of the video
 * @param latentFrameOf the latent frame that a frame shows; never decreasing
 * @param pictureOf the picture of a latent frame
 * @returns the bytes of an MP4 file
 */
export async function encodeMp4(
  { width, height }: PixelSize,
  frameCount: number,
  latentFrameOf: (frame: number) => number,
  pictureOf: (latentFrame: number) => Promise<Upsampler>,
  turns: Turns,
): Promise<ArrayBuffer> {
  const sps = h264.sequenceParameters(width, height)
  const pps = h264.pictureParameters()
  const target = new BufferTarget()
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target })
  const track = new EncodedVideoPacketSource('avc')
  output.addVideoTrack(track, { frameRate: FRAMES_PER_SECOND })
  await output.start()

  let shown = -1
  let sinceKey = 0
  for (let frame = 0; frame < frameCount; frame++) {
    const latentFrame = latentFrameOf(frame)
    const isKey = latentFrame !== shown
    sinceKey = isKey ? 0 : sinceKey + 1
    shown = latentFrame
    const unit = isKey
      ? await turns.run(keyFrameOf(await pictureOf(latentFrame), latentFrame))
      : h264.repeatFrame(width, height, sinceKey)
    const packet = new EncodedPacket(
      lengthPrefixed(unit),
      isKey ? 'key' : 'delta',
      frame / FRAMES_PER_SECOND,
      1 / FRAMES_PER_SECOND,
    )
    await track.add(packet, {
      decoderConfig: {
        codec: 'avc1.42c033',
        codedWidth: width,
        codedHeight: height,
        description: h264.decoderConfiguration(sps, pps),
        colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
      },
    })
    const pause = turns.spend(UNITS_PER_FRAME)
    if (pause) await pause
  }
  await output.finalize()
  if (!target.buffer) throw new Error('The muxer gave no file.')
  return target.buffer
}

function lengthPrefixed(unit: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + unit.length)
  new DataView(bytes.buffer).setUint32(0, unit.length)
  bytes.set(unit, 4)
  return bytes
}

function* keyFrameOf(picture: Upsampler, id: number): Work<Uint8Array<ArrayBuffer>> {
  return yield* h264.keyFrame(yield* toYuv(picture), id)
}

/** BT.709 limited range: luma 16..235, chroma 16..240, each chroma sample the mean of four pixels. */
function* toYuv(picture: Upsampler): Work<h264.YuvFrame> {
  const { width, height } = picture
  const y = new Uint8Array(width * height)
  const cb = new Uint8Array((width / 2) * (height / 2))
  const cr = new Uint8Array(cb.length)
  const [reds, greens, blues] = [0, 1, 2].map(() => new Float32Array(width * 2)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  for (let top = 0; top < height; top += 2) {
    ;[reds, greens, blues].forEach((rows, colour) => {
      picture.readRow(colour, top, rows.subarray(0, width))
      picture.readRow(colour, top + 1, rows.subarray(width))
    })
    for (let left = 0; left < width; left += 2) {
      let blueDifference = 0
      let redDifference = 0
      for (let pixel = 0; pixel < 4; pixel++) {
        const at = (pixel >> 1) * width + left + (pixel & 1)
        const red = (reds[at] as number) * 0.5 + 0.5
        const blue = (blues[at] as number) * 0.5 + 0.5
        const luma = 0.2126 * red + 0.7152 * ((greens[at] as number) * 0.5 + 0.5) + 0.0722 * blue
        y[top * width + at] = 16.5 + 219 * luma
        blueDifference += (blue - luma) / 1.8556
        redDifference += (red - luma) / 1.5748
      }
      const at = (top / 2) * (width / 2) + left / 2
      cb[at] = 128.5 + 56 * blueDifference
      cr[at] = 128.5 + 56 * redDifference
    }
    yield 12 * width
  }
  return { width, height, y, cb, cr }
}
