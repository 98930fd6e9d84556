import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pictureFile } from '../../test/support/answers.ts'
import { readPictureHeader } from './picture-header.ts'

/** The start of each kind of WebP file, of 300 x 200 pixels. */
const webp = (kind: string, ...payload: number[]): Uint8Array =>
  Uint8Array.of(...Buffer.from('RIFF\x40\0\0\0WEBP', 'latin1'), ...Buffer.from(kind), 30, 0, 0, 0, ...payload)
const LOSSY = webp('VP8 ', 0, 0, 0, 0x9d, 0x01, 0x2a, 0x2c, 0x01, 0xc8, 0x00, 0, 0, 0, 0, 0, 0)
const LOSSLESS = webp('VP8L', 0x2f, 0x2b, 0xc1, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
const EXTENDED = webp('VP8X', 0, 0, 0, 0, 0x2b, 0x01, 0, 0xc7, 0, 0, 0, 0, 0, 0)

describe('the header of a picture', () => {
  test.each([
    ['image/png', pictureFile(40, 24, 'image/png'), 40, 24],
    ['image/jpeg', pictureFile(40, 24, 'image/jpeg'), 40, 24],
    ['image/webp', LOSSY, 300, 200],
    ['image/webp', LOSSLESS, 300, 200],
    ['image/webp', EXTENDED, 300, 200],
  ] as const)('of %s says its size', (mediaType, file, width, height) => {
    expect(readPictureHeader(file)).toEqual({ mediaType, width, height })
  })

  test('is not that of another kind of file', () => {
    expect(readPictureHeader(Buffer.from('GIF89a\x10\0\x10\0\0\0\0;'))).toBeUndefined()
    expect(readPictureHeader(Buffer.from('<svg width="8" height="8"/>'))).toBeUndefined()
    expect(readPictureHeader(new Uint8Array())).toBeUndefined()
  })

  test('that is broken anywhere is a size or nothing, and never an error', () => {
    const files = [
      pictureFile(40, 24, 'image/png'),
      pictureFile(40, 24, 'image/jpeg'),
      LOSSY,
      LOSSLESS,
      EXTENDED,
    ]
    const anywhere = fc.record({
      file: fc.constantFrom(...files),
      at: fc.nat(63),
      bytes: fc.uint8Array({ maxLength: 16 }),
      length: fc.nat(700),
    })
    fc.assert(
      fc.property(anywhere, ({ file, at, bytes, length }) => {
        const broken = new Uint8Array(file).slice(0, length)
        broken.set(bytes.subarray(0, Math.max(0, broken.length - at)), Math.min(at, broken.length))
        const header = readPictureHeader(broken)
        if (header) expect(Math.min(header.width, header.height)).toBeGreaterThan(0)
      }),
      { numRuns: 5_000, seed: 7 },
    )
  })
})
