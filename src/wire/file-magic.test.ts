import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { describe, expect, test } from 'vitest'
import { Turns } from '../preview/turns.ts'
import { Upsampler } from '../preview/upsampler.ts'
import { encodeMp4 } from '../preview/video.ts'
import { isComplete, pictureSize, sniff } from './file-magic.ts'

const [WIDTH, HEIGHT] = [11, 7]
const noise = (channels: number): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => (i * 97) % 251)

const png = encodePng({ width: WIDTH, height: HEIGHT, channels: 3, depth: 8, data: noise(3) })
const jpeg = new Uint8Array(encodeJpeg({ width: WIDTH, height: HEIGHT, data: noise(4) }, 90).data)
/** 5 x 3 pixels, as libjpeg writes progressive files. */
const progressive = new Uint8Array(
  Buffer.from(
    '/9j/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/' +
      '2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wgAR' +
      'CAADAAUDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIQAxAA' +
      'AAGNg//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAQUCf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//E' +
      'ABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABQQAQAA' +
      'AAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hf//aAAwDAQACAAMAAAAQA//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Q' +
      'f//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Qf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8Qf//Z',
    'base64',
  ),
)
const black = new Upsampler(
  { width: 2, height: 2, planes: [new Float32Array(4), new Float32Array(4), new Float32Array(4)] },
  8,
)
const mp4 = new Uint8Array(
  await encodeMp4(
    { width: 16, height: 16 },
    3,
    () => 0,
    async () => black,
    new Turns(async () => undefined),
  ),
)

const bytes = (...parts: readonly (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))

/** A JPEG with segments between its first marker and the rest. */
const withSegments = (...segments: Uint8Array[]): Uint8Array =>
  bytes(jpeg.subarray(0, 2), ...segments, jpeg.subarray(2))
const segment = (marker: number, length: number): Uint8Array =>
  bytes(0xff, marker, (length + 2) >> 8, (length + 2) & 0xff, new Uint8Array(length).fill(0x2a))

const files = [
  { name: 'a PNG', file: png, type: 'image/png', size: { width: WIDTH, height: HEIGHT } },
  { name: 'a JPEG', file: jpeg, type: 'image/jpeg', size: { width: WIDTH, height: HEIGHT } },
  { name: 'a progressive JPEG', file: progressive, type: 'image/jpeg', size: { width: 5, height: 3 } },
  {
    name: 'a JPEG with profile, thumbnail and comment',
    file: withSegments(segment(0xe2, 3_144), segment(0xe1, 65_000), segment(0xfe, 0)),
    type: 'image/jpeg',
    size: { width: WIDTH, height: HEIGHT },
  },
  {
    name: 'a JPEG with filling between its segments',
    file: withSegments(segment(0xe1, 20), bytes(0xff, 0xff, 0xff), segment(0xfe, 5)),
    type: 'image/jpeg',
    size: { width: WIDTH, height: HEIGHT },
  },
  { name: 'an MP4', file: mp4, type: 'video/mp4', size: undefined },
] as const

describe.each(files)('$name', ({ file, type, size }) => {
  test('is known by its first bytes, and not by fewer', () => {
    expect(sniff(file)).toBe(type)
    expect(sniff(file.subarray(0, 8))).toBe(type)
    expect(sniff(file.subarray(0, 2))).toBeUndefined()
    expect(sniff(file.subarray(1))).toBeUndefined()
  })

  test('says its size', () => {
    expect(pictureSize(file)).toEqual(size)
  })

  test('says its size or nothing when it is cut off, and never throws', () => {
    for (let length = 0; length < Math.min(file.length, 4_000); length++) {
      const found = pictureSize(file.slice(0, length))
      if (found) expect(found).toEqual(size)
    }
  })

  test('B8: is complete, and not when it is cut off at any byte', () => {
    expect(isComplete(file)).toBe(true)
    const short = Array.from({ length: file.length }, (_, length) => length)
    expect(short.filter((length) => isComplete(file.subarray(0, length)))).toEqual([])
  })

  test('B9: is not complete with a byte too many', () => {
    expect(isComplete(bytes(file, 0))).toBe(false)
  })

  test('is read where it stands in a larger buffer', () => {
    const inside = bytes(1, 2, 3, file, 4).subarray(3, 3 + file.length)
    expect([sniff(inside), pictureSize(inside), isComplete(inside)]).toEqual([type, size, true])
  })
})

test('the size of a PNG is in its first 24 bytes', () => {
  expect(pictureSize(png.subarray(0, 24))).toEqual({ width: WIDTH, height: HEIGHT })
  expect(pictureSize(png.subarray(0, 23))).toBeUndefined()
})

test('a JPEG is known by three bytes, all of them', () => {
  expect(sniff(bytes(0xff, 0xd8, 0xff))).toBe('image/jpeg')
  for (const other of [bytes(0xff, 0xd8, 0), bytes(0xff, 0, 0xff), bytes(0, 0xd8, 0xff)]) {
    expect(sniff(other)).toBeUndefined()
  }
})

describe('the size of a JPEG', () => {
  test.each([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])(
    'is in the frame header of kind %i',
    (marker) => {
      const frame = bytes(0xff, 0xd8, 0xff, marker, 0, 11, 8, 0x01, 0x02, 0x03, 0x04)
      expect(pictureSize(frame)).toEqual({ height: 0x0102, width: 0x0304 })
    },
  )

  test.each([0xc4, 0xc8, 0xcc, 0xdb, 0xe0])('is not in a segment of kind %i', (marker) => {
    expect(pictureSize(bytes(0xff, 0xd8, segment(marker, 20)))).toBeUndefined()
  })

  test('is not looked for in a segment that leads nowhere', () => {
    expect(pictureSize(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 0, new Uint8Array(50)))).toBeUndefined()
    expect(pictureSize(bytes(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, new Uint8Array(50)))).toBeUndefined()
  })
})

describe('the boxes of an MP4', () => {
  const box = (type: string, ...content: Uint8Array[]): Uint8Array => {
    const body = bytes(...content)
    const size = 8 + body.length
    return bytes(0, 0, size >> 8, size & 0xff, new TextEncoder().encode(type), body)
  }
  const ftyp = box('ftyp', new TextEncoder().encode('isom'))
  const moov = box('moov', new Uint8Array(20))
  const mdat = box('mdat', new Uint8Array(30))
  const wideBox = (high: number, low: number): Uint8Array =>
    bytes(0, 0, 0, 1, new TextEncoder().encode('mdat'), 0, 0, 0, high, 0, 0, 0, low)
  const wideMdat = bytes(wideBox(0, 20), 1, 2, 3, 4)
  const openMdat = bytes(0, 0, 0, 0, new TextEncoder().encode('mdat'), new Uint8Array(9))

  test.each([
    ['index before pictures', [ftyp, moov, mdat]],
    ['pictures before index, as ffmpeg writes them', [ftyp, box('free'), mdat, moov]],
    ['a 64-bit size', [ftyp, moov, wideMdat]],
    ['a 64-bit size and nothing behind it', [ftyp, moov, wideBox(0, 16)]],
    ['an empty box at its end', [ftyp, moov, mdat, box('free')]],
    ['pictures to the end of the file', [ftyp, moov, openMdat]],
    ['fragments', [ftyp, moov, box('moof'), mdat, box('moof'), mdat]],
  ])('make a file with %s', (_, boxes) => {
    expect(isComplete(bytes(...boxes))).toBe(true)
  })

  test.each([
    ['no index', [ftyp, mdat]],
    ['no index and open pictures', [ftyp, openMdat]],
    ['no pictures', [ftyp, moov]],
    ['nothing but their beginning', [ftyp]],
    ['4 GB that are not there', [ftyp, moov, wideBox(1, 16)]],
    ['a cut 64-bit size', [ftyp, moov, wideMdat.subarray(0, 12)]],
    ['a box that is smaller than its header', [ftyp, moov, mdat, bytes(0, 0, 0, 7, new Uint8Array(4))]],
    [
      'a box that is larger than the file',
      [ftyp, moov, mdat, bytes(0xff, 0xff, 0xff, 0xff, new Uint8Array(4))],
    ],
    ['half a header at the end', [ftyp, moov, mdat, bytes(0, 0, 0, 8)]],
  ])('make no file with %s', (_, boxes) => {
    expect(isComplete(bytes(...boxes))).toBe(false)
  })
})

test.each([
  ['nothing', bytes()],
  ['a page', new TextEncoder().encode('<!doctype html><title>Sign in</title>')],
  ['JSON', new TextEncoder().encode('{"error":"CUDA out of memory"}')],
  ['zeros', new Uint8Array(64)],
  ['a GIF', new TextEncoder().encode('GIF89a........')],
  ['a WebP', new TextEncoder().encode('RIFF....WEBPVP8 ')],
])('B10: %s is none of our files', (_, file) => {
  expect([sniff(file), pictureSize(file), isComplete(file)]).toEqual([undefined, undefined, false])
})
