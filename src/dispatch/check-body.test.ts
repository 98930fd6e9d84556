import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { describe, expect, test } from 'vitest'
import type { ExpectedAnswer } from '../models/answer.ts'
import { checkBody } from './check-body.ts'

const [WIDTH, HEIGHT] = [24, 16]
const png = encodePng({
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
  depth: 8,
  data: new Uint8Array(WIDTH * HEIGHT * 3),
})
const jpeg = new Uint8Array(
  encodeJpeg({ width: WIDTH, height: HEIGHT, data: new Uint8Array(WIDTH * HEIGHT * 4) }, 90).data,
)
const box = (type: string, size = 16): number[] => [
  0,
  0,
  0,
  size,
  ...new TextEncoder().encode(type),
  ...new Uint8Array(8),
]
const mp4 = Uint8Array.from([...box('ftyp'), ...box('moov'), ...box('mdat')])

const PNG: ExpectedAnswer = { kind: 'image', mediaType: 'image/png', width: WIDTH, height: HEIGHT }
const JPEG: ExpectedAnswer = { ...PNG, mediaType: 'image/jpeg' }
const MP4: ExpectedAnswer = { kind: 'video', mediaType: 'text/plain' }
const TENSOR: ExpectedAnswer = {
  kind: 'tensor',
  mediaType: 'tensor/binary',
  shape: [1, 3, 8, 8],
  dtypes: ['uint8'],
}

describe('a whole body', () => {
  test.each([
    ['a PNG', png, PNG],
    ['a JPEG', jpeg, JPEG],
    ['a video', mp4, MP4],
    ['any bytes of a tensor', new Uint8Array(192).fill(0xff), TENSOR],
  ])('passes: %s', (_, bytes, expected) => {
    expect(checkBody(bytes, expected, true)).toBeUndefined()
  })

  test.each([
    ['B8: a PNG that ends early', png.subarray(0, -1), PNG],
    ['B8: a JPEG that ends early', jpeg.subarray(0, -1), JPEG],
    ['B8: a video without its pictures', mp4.subarray(0, 32), MP4],
    ['B9: a PNG with more after its end', Uint8Array.of(...png, 0), PNG],
  ])('broke off: %s', (_, bytes, expected) => {
    expect(checkBody(bytes, expected, true)).toBe('broke-off')
  })

  test.each([
    ['B10: a JPEG for a PNG', jpeg, PNG],
    ['B10: a PNG for a JPEG', png, JPEG],
    ['B10: a PNG for a video', png, MP4],
    ['B10: a video for a picture', mp4, PNG],
    ['B11: JSON', new TextEncoder().encode('{"error":"out of luck"}'), PNG],
    ['B10: a page', new TextEncoder().encode('<!doctype html>'), MP4],
    ['nothing', new Uint8Array(), JPEG],
    ['B29: a picture of another width', png, { ...PNG, width: WIDTH + 1 }],
    ['B29: a picture of another height', jpeg, { ...JPEG, height: HEIGHT - 1 }],
    ['a JPEG without a picture in it', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), JPEG],
    ['a PNG without a picture in it', Uint8Array.of(...png.subarray(0, 8), ...png.subarray(-12)), PNG],
  ] as const)('is invalid: %s', (_, bytes, expected) => {
    expect(checkBody(bytes, expected, true)).toBe('invalid')
  })
})

describe('the beginning of a body', () => {
  test.each([
    ['a PNG', png.subarray(0, 24), PNG],
    ['a PNG whose size is not there yet', png.subarray(0, 10), PNG],
    ['a JPEG whose size is not there yet', jpeg.subarray(0, 30), JPEG],
    ['a video', mp4.subarray(0, 8), MP4],
  ])('passes: %s', (_, bytes, expected) => {
    expect(checkBody(bytes, expected, false)).toBeUndefined()
  })

  test.each([
    ['of another kind', jpeg.subarray(0, 60), PNG],
    ['of another size', png.subarray(0, 24), { ...PNG, width: 1 }],
    ['of a page', new TextEncoder().encode('<html>'), MP4],
  ] as const)('is invalid: %s', (_, bytes, expected) => {
    expect(checkBody(bytes, expected, false)).toBe('invalid')
  })
})
