/** A preview video: one picture per latent frame, held for the frames it stands for. */
import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny'
import * as h264 from './h264.ts'
import type { Upsampler } from './upsampler.ts'

const FRAMES_PER_SECOND = 24

/**
 * @param frameCount of the video
 * @param latentFrameOf the latent frame that a frame shows; never decreasing
 * @param pictureOf the picture of a latent frame
 * @returns the bytes of an MP4 file
 */
export async function encodeMp4(
  width: number,
  height: number,
  frameCount: number,
  latentFrameOf: (frame: number) => number,
  pictureOf: (latentFrame: number) => Upsampler,
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
      ? h264.keyFrame(toYuv(pictureOf(latentFrame)), latentFrame)
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

/** BT.709 limited range: luma 16..235, chroma 16..240, each chroma sample the mean of four pixels. */
function toYuv(picture: Upsampler): h264.YuvFrame {
  const { width, height } = picture
  const y = new Uint8Array(width * height)
  const cb = new Uint8Array((width / 2) * (height / 2))
  const cr = new Uint8Array(cb.length)
  const lines = [0, 1].map(() => [0, 1, 2].map(() => new Float32Array(width)))
  for (let top = 0; top < height; top += 2) {
    lines.forEach((rows, line) => {
      rows.forEach((row, colour) => {
        picture.readRow(colour, top + line, row)
      })
    })
    for (let left = 0; left < width; left += 2) {
      let blueDifference = 0
      let redDifference = 0
      for (let pixel = 0; pixel < 4; pixel++) {
        const x = left + (pixel & 1)
        const rows = lines[pixel >> 1] as Float32Array[]
        const [r = 0, g = 0, b = 0] = rows.map((row) => (row[x] as number) * 0.5 + 0.5)
        const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
        y[(top + (pixel >> 1)) * width + x] = Math.round(16 + 219 * luma)
        blueDifference += (b - luma) / 1.8556
        redDifference += (r - luma) / 1.5748
      }
      const at = (top / 2) * (width / 2) + left / 2
      cb[at] = Math.round(128 + 56 * blueDifference)
      cr[at] = Math.round(128 + 56 * redDifference)
    }
  }
  return { width, height, y, cb, cr }
}
