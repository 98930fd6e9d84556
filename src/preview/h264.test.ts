import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BitReader } from '../../test/support/bit-reader.ts'
import { seeded } from '../../test/support/seeded.ts'
import { BitWriter } from './bit-writer.ts'
import {
  decoderConfiguration,
  keyFrame,
  pictureParameters,
  repeatFrame,
  sequenceParameters,
  type YuvFrame,
} from './h264.ts'
import { atOnce } from './turns.ts'

const even = (max: number) => fc.integer({ min: 1, max: max / 2 }).map((half) => half * 2)

/** Whether bytes hold something that a player would take for the start of the next unit. */
const hasStartCode = (unit: Uint8Array): boolean =>
  unit.some((byte, i) => i >= 2 && byte <= 2 && unit[i - 1] === 0 && unit[i - 2] === 0)

describe('bits', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(70_000)), (codes) => {
        const writer = new BitWriter()
        for (const code of codes) writer.ue(code)
        const bytes = writer.stop().bytes
        // Emulation prevention is not the writer's, so texts that would need it are left out.
        fc.pre(!bytes.join().includes('0,0'))
        const reader = new BitReader(Uint8Array.from(bytes))
        expect(codes.map(() => reader.ue())).toEqual(codes)
        reader.expectEnd()
      }),
      seeded,
    )
  })

  test.each([
    [0, '1'],
    [1, '010'],
    [2, '011'],
    [3, '00100'],
    [25, '000011010'],
  ])('of the Exp-Golomb code of %i are %s', (value, bits) => {
    const text = new BitWriter().ue(value).bytes.map((byte) => byte.toString(2).padStart(8, '0'))
    expect(text.join('').slice(0, bits.length)).toBe(bits)
  })
})

describe('the sequence parameters', () => {
  test('give back the size of any picture of even sides, as constrained baseline', () => {
    fc.assert(
      fc.property(even(4_096), even(4_096), (width, height) => {
        const sps = sequenceParameters(width, height)
        expect(hasStartCode(sps)).toBe(false)
        const read = new BitReader(sps)
        expect([read.bits(8), read.bits(8), read.bits(8), read.bits(8)]).toEqual([0x67, 66, 0xc0, 51])
        expect([read.ue(), read.ue(), read.ue(), read.ue(), read.bits(1)]).toEqual([0, 0, 2, 1, 0])
        const [columns, rows] = [read.ue() + 1, read.ue() + 1]
        expect([read.bits(1), read.bits(1)]).toEqual([1, 1])
        const [left, right, top, bottom] = read.bits(1)
          ? [read.ue(), read.ue(), read.ue(), read.ue()]
          : [0, 0, 0, 0]
        expect([left, top]).toEqual([0, 0])
        expect(columns * 16 - 2 * (right ?? 0)).toBe(width)
        expect(rows * 16 - 2 * (bottom ?? 0)).toBe(height)
        // Video usability: limited range, BT.709 thrice, nothing else.
        expect(read.bits(1)).toBe(1)
        expect([read.bits(2), read.bits(1), read.bits(3), read.bits(1), read.bits(1)]).toEqual([
          0, 1, 5, 0, 1,
        ])
        expect([read.bits(8), read.bits(8), read.bits(8)]).toEqual([1, 1, 1])
        expect(read.bits(6)).toBe(0)
        read.expectEnd()
      }),
      seeded,
    )
  })

  test('crop nothing where macroblocks fit', () => {
    expect(sequenceParameters(512, 320).length).toBeLessThan(sequenceParameters(504, 312).length)
  })
})

test('the picture parameters say CAVLC, one slice group, and that slices control deblocking', () => {
  const read = new BitReader(pictureParameters())
  expect([read.bits(8), read.ue(), read.ue()]).toEqual([0x68, 0, 0])
  expect(read.bits(2)).toBe(0)
  expect([read.ue(), read.ue(), read.ue()]).toEqual([0, 0, 0])
  expect(read.bits(3)).toBe(0)
  expect([read.ue(), read.ue(), read.ue()]).toEqual([0, 0, 0])
  expect([read.bits(1), read.bits(1), read.bits(1)]).toEqual([1, 0, 0])
  read.expectEnd()
})

/** Samples of limited range, no two neighbours alike. */
function frameOf(width: number, height: number): YuvFrame {
  const plane = (count: number, from: number) =>
    Uint8Array.from({ length: count }, (_, i) => from + ((i * 7) % 200))
  const quarter = (width * height) / 4
  return { width, height, y: plane(width * height, 16), cb: plane(quarter, 20), cr: plane(quarter, 30) }
}

describe('a key frame', () => {
  test.each([
    ['of whole macroblocks', 32, 16],
    ['that is cropped on both sides', 40, 24],
    ['smaller than one macroblock', 8, 8],
  ])('%s gives back every sample, and repeats the last ones beyond the edge', (_, width, height) => {
    const frame = frameOf(width, height)
    const unit = atOnce(keyFrame(frame, 3))
    expect(hasStartCode(unit)).toBe(false)
    const read = new BitReader(unit)
    expect(read.bits(8)).toBe(0x65)
    expect([read.ue(), read.ue(), read.ue(), read.bits(4), read.ue()]).toEqual([0, 7, 0, 0, 1])
    expect([read.bits(2), read.ue(), read.ue()]).toEqual([0, 0, 1])
    const columns = Math.ceil(width / 16)
    const macroblocks = columns * Math.ceil(height / 16)
    for (let mb = 0; mb < macroblocks; mb++) {
      expect(read.ue(), 'I_PCM').toBe(25)
      for (const [plane, size, w, h] of [
        [frame.y, 16, width, height],
        [frame.cb, 8, width / 2, height / 2],
        [frame.cr, 8, width / 2, height / 2],
      ] as const) {
        const [left, top] = [(mb % columns) * size, Math.floor(mb / columns) * size]
        const expected = Array.from({ length: size * size }, (_, i) => {
          const [x, y] = [Math.min(left + (i % size), w - 1), Math.min(top + Math.floor(i / size), h - 1)]
          return plane[y * w + x]
        })
        expect(read.alignedBytes(size * size)).toEqual(expected)
      }
    }
    read.expectEnd()
  })

  test('differs in its id from the one before and after', () => {
    const frame = frameOf(16, 16)
    const idOf = (id: number): number => {
      const read = new BitReader(atOnce(keyFrame(frame, id)))
      read.bits(8)
      for (let i = 0; i < 3; i++) read.ue()
      read.bits(4)
      return read.ue()
    }
    expect([0, 1, 2, 3].map(idOf)).toEqual([0, 1, 0, 1])
  })
})

describe('a repeated frame', () => {
  test('skips every macroblock of any picture', () => {
    fc.assert(
      fc.property(even(4_096), even(4_096), fc.integer({ min: 1, max: 40 }), (width, height, number) => {
        const unit = repeatFrame(width, height, number)
        expect(hasStartCode(unit)).toBe(false)
        const read = new BitReader(unit)
        expect([read.bits(8), read.ue(), read.ue(), read.ue()]).toEqual([0x41, 0, 5, 0])
        expect(read.bits(4)).toBe(number % 16)
        expect([read.bits(3), read.ue(), read.ue()]).toEqual([0, 0, 1])
        expect(read.ue()).toBe(Math.ceil(width / 16) * Math.ceil(height / 16))
        read.expectEnd()
      }),
      seeded,
    )
  })
})

test('the decoder configuration holds both parameter sets, with four-byte lengths', () => {
  const [sps, pps] = [sequenceParameters(512, 320), pictureParameters()]
  const record = [...decoderConfiguration(sps, pps)]
  expect(record.slice(0, 8)).toEqual([1, 66, 0xc0, 51, 0xff, 0xe1, 0, sps.length])
  expect(record.slice(8, 8 + sps.length)).toEqual([...sps])
  expect(record.slice(8 + sps.length)).toEqual([1, 0, pps.length, ...pps])
})
