import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { crc32 } from './crc32.ts'

test('has the check value of CRC-32/ISO-HDLC', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
})

test('is 0 for nothing', () => {
  expect(crc32(new Uint8Array())).toBe(0)
})

test('agrees with zlib on all bytes, as an unsigned number', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    }),
    seeded,
  )
})
