import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { seal, sealedBytes } from './envelope.ts'

test('an envelope is the JSON that early clients open', () => {
  const sealed = seal(Uint8Array.of(1, 2, 3, 4), { shape: [1, 2], dtype: 'float16' })
  expect(Buffer.from(sealed).toString()).toBe(
    '{"inputs":"AQIDBA==","parameters":{"shape":[1,2],"dtype":"float16"}}',
  )
})

test('an envelope holds the bytes, and takes no more room than was said', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
      const sealed = seal(bytes, { shape: [99_999, 3, 99_999, 99_999, 99_999], dtype: 'bfloat16' })
      const { inputs } = JSON.parse(Buffer.from(sealed).toString()) as { inputs: string }
      expect(Buffer.from(inputs, 'base64').equals(bytes)).toBe(true)
      expect(sealed.length).toBeLessThanOrEqual(sealedBytes(bytes.length))
    }),
    seeded,
  )
})
