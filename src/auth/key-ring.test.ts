import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { seeded } from '../../test/support/seeded.ts'
import { formatKey, packPayload, parseKey } from './api-key.ts'
import { KeyRing, type Pepper, parsePeppers } from './key-ring.ts'

const secret = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(16).fill(fill)
const base64 = (fill: number, bytes = 16): string => Buffer.alloc(bytes, fill).toString('base64')

const OLD: Pepper = [1, secret(1)]
const NEW: Pepper = [2, secret(2)]
const NOW = Date.parse('2026-11-24T12:00:00Z')
const TODAY = 20_781
const KEY = { keyId: '00112233aabbccdd', expiryDay: 0, plan: 223 }

describe('KeyRing', () => {
  test('accepts what it minted and says whose key it is', async () => {
    const ring = await KeyRing.import([NEW])
    const key = await ring.mint(KEY)
    expect(expectValue(await ring.verify(key, NOW))).toEqual({ ...KEY, pepperId: 2 })
  })

  test('refuses a key that has expired since it was known to be good', async () => {
    const ring = await KeyRing.import([NEW])
    const key = await ring.mint({ ...KEY, expiryDay: TODAY })
    const midnight = Date.parse('2026-11-25T00:00:00Z')
    expectValue(await ring.verify(key, midnight - 1_000))
    expect(expectError(await ring.verify(key, midnight))).toBe('expired')
  })

  test('refuses a forgery of a key that it knows to be good', async () => {
    const ring = await KeyRing.import([NEW])
    const key = await ring.mint(KEY)
    expectValue(await ring.verify(key, NOW))
    const stranger = await KeyRing.import([[2, secret(9)]])
    expect(expectError(await ring.verify(await stranger.mint(KEY), NOW))).toBe('forged')
    expect(expectError(await ring.verify(key.toLowerCase(), NOW))).toBe('malformed')
  })

  test('mints keys that later releases accept: the same payload gives the same text', async () => {
    const ring = await KeyRing.import([[7, Uint8Array.from({ length: 16 }, (_, i) => i)]])
    expect(await ring.mint({ keyId: '0123456789abcdef', expiryDay: 20_819, plan: 0xbeef })).toBe(
      'vg_00svZEquqD0duPv95dTUS4xgjCLVOsrcFvTWjQ9pl3wnQ9f',
    )
  })

  test('signs with the newest pepper and accepts keys of all', async () => {
    const oldKey = await (await KeyRing.import([OLD])).mint(KEY)
    const ring = await KeyRing.import([NEW, OLD])
    expect(parseKey(await ring.mint(KEY))?.payload.pepperId).toBe(2)
    expect(expectValue(await ring.verify(oldKey, NOW)).pepperId).toBe(1)
  })

  test('P15: refuses keys of a pepper that was taken away', async () => {
    const oldKey = await (await KeyRing.import([OLD])).mint(KEY)
    const ring = await KeyRing.import([NEW])
    expect(expectError(await ring.verify(oldKey, NOW))).toBe('unknown-pepper')
  })

  test('refuses a key that another secret signed under the same pepper id', async () => {
    const stranger = await KeyRing.import([[2, secret(9)]])
    const ring = await KeyRing.import([NEW])
    expect(expectError(await ring.verify(await stranger.mint(KEY), NOW))).toBe('forged')
  })

  test('refuses whatever is changed in a key, though its checksum is made right again', async () => {
    const ring = await KeyRing.import([NEW])
    const genuine = parseKey(await ring.mint(KEY))
    if (!genuine) throw new Error('the ring mints well-formed keys')
    const { payloadBytes, tag } = genuine
    const signed = [...payloadBytes, ...tag]
    // Byte 0 is the version and byte 1 the pepper id; both are refused before the tag is computed.
    const change = fc.tuple(fc.integer({ min: 2, max: signed.length - 1 }), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(change, async ([at, mask]) => {
        const bytes = Uint8Array.from(signed, (byte, i) => (i === at ? byte ^ mask : byte))
        const forged = formatKey(bytes.subarray(0, payloadBytes.length), bytes.subarray(payloadBytes.length))
        expect(expectError(await ring.verify(forged, NOW))).toBe('forged')
      }),
      seeded,
    )
  })

  test('P22: accepts a key on its last day and refuses it the day after', async () => {
    const ring = await KeyRing.import([NEW])
    const key = await ring.mint({ ...KEY, expiryDay: TODAY })
    const midnight = Date.parse('2026-11-25T00:00:00Z')
    expect((await ring.verify(key, midnight - 1_000)).ok).toBe(true)
    expect(expectError(await ring.verify(key, midnight + 1_000))).toBe('expired')
  })

  test('finds an expired key of another secret forged, not expired', async () => {
    const ring = await KeyRing.import([NEW])
    const forged = formatKey(packPayload({ ...KEY, pepperId: 2, expiryDay: 1 }), new Uint8Array(16))
    expect(expectError(await ring.verify(forged, NOW))).toBe('forged')
  })

  test.each(['', 'vg_', 'hf_abcdefghijklmnop', 'vg_'.padEnd(50, '0')])(
    'C31: finds "%s" malformed',
    async (text) => {
      const ring = await KeyRing.import([NEW])
      expect(expectError(await ring.verify(text, NOW))).toBe('malformed')
    },
  )

  test('cannot be made without a pepper', async () => {
    await expect(KeyRing.import([])).rejects.toThrow(RangeError)
  })
})

describe('parsePeppers', () => {
  const idsOf = (text: string): number[] => expectValue(parsePeppers(text)).map(([id]) => id)

  test('reads ids and secrets', () => {
    expect(expectValue(parsePeppers(`{"3": "${base64(3)}"}`))).toEqual([[3, secret(3)]])
  })

  test.each([
    [['2', '10', '1']],
    [['1', '2', '10']],
    [['10', '1', '2']],
    [['0', '255']],
    [['11', '1']],
    [['1', '11', '111']],
  ])('keeps %j in the order of the text, the newest first', (ids) => {
    const text = `{${ids.map((id) => `"${id}" : "${base64(Number(id))}"`).join(' ,\n ')}}`
    expect(idsOf(text)).toEqual(ids.map(Number))
  })

  test('keeps the order of any text', () => {
    const ids = fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(ids, (ids) => {
        expect(idsOf(`{${ids.map((id) => `"${id}":"${base64(id, 32)}"`).join()}}`)).toEqual(ids)
      }),
      seeded,
    )
  })

  test.each([
    ['', 'a JSON object'],
    ['{"1":', 'a JSON object'],
    ['null', 'a JSON object'],
    ['[]', 'a JSON object'],
    [`["${base64(1)}"]`, 'a JSON object'],
    [`"${base64(1)}"`, 'a JSON object'],
    ['1', 'a JSON object'],
    ['{}', 'at least one pepper'],
    [`{"256":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"-1":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"01":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"1.5":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"a":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"__proto__":"${base64(1)}"}`, 'pepper ids from 0 to 255'],
    [`{"1":"${base64(1, 15)}"}`, '16 random bytes for pepper 1'],
    ['{"1":""}', '16 random bytes for pepper 1'],
    ['{"1":"not base64 at all!"}', '16 random bytes for pepper 1'],
    ['{"1":12345678901234567890}', '16 random bytes for pepper 1'],
    ['{"1":null}', '16 random bytes for pepper 1'],
    [`{"1":"${base64(1)}","2":"short"}`, '16 random bytes for pepper 2'],
  ])('refuses %s and says what was expected', (text, expected) => {
    expect(expectError(parsePeppers(text))).toContain(expected)
  })

  test('says nothing of the secret that it refuses', () => {
    const short = base64(66, 15)
    expect(expectError(parsePeppers(`{"1":"${short}"}`))).not.toContain(short)
  })
})
