import { describe, expect, test } from 'vitest'
import { servable } from '../../test/support/catalog.ts'
import { expectValue } from '../../test/support/results.ts'
import { expectAnswer } from '../models/answer.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { parseDecodeQuery } from '../wire/decode-query.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { negotiate } from '../wire/media-types.ts'
import { decodePreview, videoScale } from './decode.ts'
import { latentRgb } from './factors/index.ts'
import { atOnce, SLICE_UNITS, Turns, type Work } from './turns.ts'
import { Upsampler } from './upsampler.ts'

function* countTo(count: number, units: number): Work<number> {
  for (let i = 0; i < count; i++) yield units
  return count
}

describe('work', () => {
  test('gives others a turn whenever a slice is over, whoever did it', async () => {
    let turns = 0
    const pace = new Turns(async () => {
      turns++
    })
    expect(await pace.run(countTo(4, SLICE_UNITS / 2))).toBe(4)
    expect(turns).toBe(2)
    expect(pace.spend(SLICE_UNITS / 2)).toBeUndefined()
    await pace.run(countTo(1, SLICE_UNITS / 2))
    expect(turns).toBe(3)
  })

  test('ends where nobody wants its result any more', async () => {
    const pace = new Turns(() => Promise.reject(new Error('the client left')))
    await expect(pace.run(countTo(Number.POSITIVE_INFINITY, 1_000))).rejects.toThrow('the client left')
  })

  test('is done in one go for those who have little of it', () => {
    expect(atOnce(countTo(3, SLICE_UNITS))).toBe(3)
  })
})

/** What a preview does between two turns of others, at most: pixels of rows that it makes. */
async function decode(
  name: string,
  shape: readonly number[],
  output: string,
  accept: string,
  mostTurns?: number,
) {
  const model = servable(name)
  const rgb = latentRgb(model)
  if (!rgb) throw new Error(`no preview of ${name}`)
  const query = expectValue(
    parseDecodeQuery(new URLSearchParams(`shape=${shape}&dtype=float16&do_scaling=True&${output}`)),
  )
  const geometry = expectValue(readGeometry(model, query.shape, query.size))
  const outputType = query.outputType ?? 'pil'
  const { format } = expectValue(negotiate(accept, outputType, query.imageFormat, model.kind))
  const expected = expectAnswer(model, geometry, format, outputType, query.partialPostprocess)
  const seen = { turns: 0, made: 0, sinceTurn: 0, most: 0 }
  const pace = new Turns(async () => {
    seen.turns++
    seen.sinceTurn = 0
    if (seen.turns === mostTurns) throw new Error('the client left')
  })
  const readRow = Upsampler.prototype.readRow
  Upsampler.prototype.readRow = function (colour, y, row) {
    seen.made += row.length
    seen.sinceTurn += row.length
    seen.most = Math.max(seen.most, seen.sinceTurn)
    readRow.call(this, colour, y, row)
  }
  try {
    const body = new ArrayBuffer(tensorBytes(query.shape, query.dtype))
    const answer = await decodePreview(model, rgb, geometry, query, expected, body, pace)
    let bytes = 0
    for await (const chunk of answer.chunks) bytes += chunk.length
    expect(bytes).toBe(answer.byteLength)
  } catch (error) {
    if (mostTurns === undefined) throw error
  } finally {
    Upsampler.prototype.readRow = readRow
  }
  return seen
}

const PNG = ['output_type=pil&image_format=png', 'image/png'] as const
const JPEG = ['output_type=pil&image_format=jpg', 'image/jpeg'] as const
const FLOATS = ['output_type=pt', 'tensor/binary'] as const
const BYTES = ['output_type=pt&partial_postprocess=True', 'tensor/binary'] as const
const MP4 = ['output_type=mp4', 'video/mp4'] as const

describe('FB3: a preview gives others a turn', () => {
  test.each([
    ['a PNG', 'sdxl', [1, 4, 128, 128], PNG],
    ['a JPEG', 'sdxl', [1, 4, 128, 128], JPEG],
    ['floats', 'sdxl', [1, 4, 128, 128], FLOATS],
    ['bytes', 'sdxl', [1, 4, 128, 128], BYTES],
    ['a batch', 'sdxl', [4, 4, 64, 64], FLOATS],
    ['a wide picture', 'sdxl', [1, 4, 8, 2_048], PNG],
    ['a wide JPEG', 'sdxl', [1, 4, 8, 2_048], JPEG],
    ['a tall picture', 'sdxl', [1, 4, 2_048, 8], PNG],
    ['a tall JPEG', 'sdxl', [1, 4, 2_048, 8], JPEG],
    ['an MP4', 'hunyuan-video', [1, 16, 5, 60, 100], MP4],
    ['a video as bytes', 'hunyuan-video', [1, 16, 5, 60, 100], BYTES],
    ['a video as floats', 'hunyuan-video', [1, 16, 5, 60, 100], FLOATS],
  ] as const)(
    'before it has made more than a fifth of a megapixel: %s',
    async (_, model, shape, [output, accept]) => {
      const { most, turns } = await decode(model, shape, output, accept)
      expect(turns).toBeGreaterThan(3)
      expect(most / 3).toBeLessThan(1e6 / 5)
    },
  )

  test.each([PNG, JPEG, FLOATS, BYTES])('and stops where its client has left: %s', async (output, accept) => {
    const all = await decode('sdxl', [1, 4, 128, 128], output, accept)
    const some = await decode('sdxl', [1, 4, 128, 128], output, accept, 2)
    expect(some.turns).toBe(2)
    expect(some.made).toBeLessThan(all.made)
  })

  test('of a video: a picture that is shown for four frames is made once', async () => {
    const { made } = await decode('hunyuan-video', [1, 16, 5, 60, 100], BYTES[0], BYTES[1])
    expect(made).toBe(5 * 480 * 800 * 3)
  })
})

describe('FB3: an MP4', () => {
  const videoOf = (latentFrames: number, latentHeight: number, latentWidth: number): number =>
    videoScale(8, { latentFrames, latentHeight, latentWidth })

  test('is as large as asked for while its pictures are few', () => {
    expect(videoOf(5, 60, 104)).toBe(8)
    expect(videoOf(20, 60, 104)).toBe(8)
  })

  test('is half or a quarter as large where they are more than 8 megapixels together', () => {
    expect(videoOf(33, 90, 160)).toBe(4)
    expect(videoOf(65, 90, 160)).toBe(2)
    expect(videoScale(32, { latentFrames: 20, latentHeight: 23, latentWidth: 40 })).toBe(16)
  })
})
