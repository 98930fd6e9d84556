import { BufferSource, EncodedPacketSink, Input, MP4 } from 'mediabunny'
import { describe, expect, test } from 'vitest'
import { isComplete } from '../wire/file-magic.ts'
import { Turns } from './turns.ts'
import { Upsampler } from './upsampler.ts'
import { encodeMp4 } from './video.ts'

const [WIDTH, HEIGHT] = [40, 24]
/** A picture of one colour, -1..1 for red, green and blue. */
const plain = (...colours: [number, number, number]): Upsampler =>
  new Upsampler({ width: 5, height: 3, planes: [fill(colours[0]), fill(colours[1]), fill(colours[2])] }, 8)
const fill = (value: number): Float32Array => new Float32Array(15).fill(value)

/** Five frames of two pictures: the first alone, the second held for four. */
const made: number[] = []
const file = await encodeMp4(
  { width: WIDTH, height: HEIGHT },
  5,
  (frame) => Math.ceil(frame / 4),
  async (latentFrame) => {
    made.push(latentFrame)
    return latentFrame === 0 ? plain(1, 1, 1) : plain(1, -1, -1)
  },
  new Turns(async () => undefined),
)

async function readBack() {
  const input = new Input({ source: new BufferSource(file), formats: [MP4] })
  const track = await input.getPrimaryVideoTrack()
  if (!track) throw new Error('The file has no video')
  const packets = []
  for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet)
  return { track, packets, duration: await input.computeDuration() }
}

describe('an MP4', () => {
  test('is a complete file', () => {
    expect(isComplete(new Uint8Array(file))).toBe(true)
  })

  test('holds every frame at its time, a key frame for each picture and little for the others', async () => {
    const { packets, duration } = await readBack()
    expect(packets.map(({ type }) => type)).toEqual(['key', 'key', 'delta', 'delta', 'delta'])
    for (const [i, { timestamp }] of packets.entries()) expect(timestamp).toBeCloseTo(i / 24, 3)
    expect(duration).toBeCloseTo(5 / 24, 3)
    expect(packets.slice(2).every(({ data }) => data.length < 16)).toBe(true)
  })

  test('makes each picture once', () => {
    expect(made).toEqual([0, 1])
  })

  test('says its codec, size and colours', async () => {
    const { track } = await readBack()
    const config = await track.getDecoderConfig()
    expect(config).toMatchObject({ codec: 'avc1.42c033', codedWidth: WIDTH, codedHeight: HEIGHT })
    expect(config?.colorSpace).toMatchObject({
      primaries: 'bt709',
      transfer: 'bt709',
      matrix: 'bt709',
      fullRange: false,
    })
  })

  test('shows white as 235 and red as BT.709 has it', async () => {
    const { packets } = await readBack()
    // After the length, the slice header and the first macroblock's type come 256 luma samples, then chroma.
    const samples = (index: number): (number | undefined)[] => {
      const data = packets[index]?.data ?? new Uint8Array()
      const start = data.length - 1 - (6 * 386 - 2)
      return [data[start], data[start + 256], data[start + 256 + 64]]
    }
    expect(samples(0)).toEqual([235, 128, 128])
    expect(samples(1)).toEqual([63, 102, 240])
  })
})
