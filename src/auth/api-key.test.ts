import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seeded } from '../../test/support/seeded.ts'
import { encodeBase62 } from '../lib/base62.ts'
import { crc32 } from '../lib/crc32.ts'
import {
  dayOf,
  formatKey,
  isExpired,
  KEY_PATTERN,
  type KeyPayload,
  packPayload,
  parseKey,
  planFingerprint,
  TAG_BYTES,
} from './api-key.ts'

const DAY_MS = 86_400_000
const ALPHABET = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']

/** Minted once with pepper 7 = 00 01 … 0f. Keys that people hold must stay readable. */
const GOLDEN = 'vg_00svZEquqD0duPv95dTUS4xgjCLVOsrcFvTWjQ9pl3wnQ9f'

const payloads: fc.Arbitrary<KeyPayload> = fc.record({
  pepperId: fc.nat(255),
  keyId: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 }),
  expiryDay: fc.nat(65_535),
  plan: fc.nat(65_535),
})
const tags = fc.uint8Array({ minLength: TAG_BYTES, maxLength: TAG_BYTES })
const keys = fc.tuple(payloads, tags).map(([payload, tag]) => formatKey(packPayload(payload), tag))

describe('layout', () => {
  test('reads a key that was minted when the format was made', () => {
    expect(parseKey(GOLDEN)?.payload).toEqual({
      pepperId: 7,
      keyId: '0123456789abcdef',
      expiryDay: 20_819,
      plan: 0xbeef,
    })
  })

  test('packs version, pepper id, key id, expiry day and plan, big-endian', () => {
    const bytes = packPayload({ pepperId: 7, keyId: '0123456789abcdef', expiryDay: 0x1234, plan: 0xbeef })
    expect(Buffer.from(bytes).toString('hex')).toBe('01070123456789abcdef1234beef')
  })

  test('gives back payload and tag of every key, whose text has one length and one pattern', () => {
    fc.assert(
      fc.property(payloads, tags, (payload, tag) => {
        const payloadBytes = packPayload(payload)
        const text = formatKey(payloadBytes, tag)
        expect(text).toMatch(KEY_PATTERN)
        expect(parseKey(text)).toEqual({ payload, payloadBytes, tag })
      }),
      seeded,
    )
  })

  test('refuses a version that it does not know', () => {
    const payload = packPayload({ pepperId: 1, keyId: '00000000000000ff', expiryDay: 0, plan: 0 })
    payload[0] = 2
    expect(parseKey(formatKey(payload, new Uint8Array(TAG_BYTES)))).toBeNull()
  })

  test('refuses a body that overflows its bytes, though its checksum is right', () => {
    const body = `vg_${'z'.repeat(41)}`
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(Buffer.from(body)))
    expect(parseKey(body + encodeBase62(checksum))).toBeNull()
  })
})

describe('typing errors', () => {
  test('refuses every change of a single character', () => {
    const accepted = [...GOLDEN].flatMap((char, at) =>
      [...ALPHABET, '-', ' ', 'é'].filter(
        (other) => other !== char && parseKey(GOLDEN.slice(0, at) + other + GOLDEN.slice(at + 1)) !== null,
      ),
    )
    expect(accepted).toEqual([])
    expect(parseKey(GOLDEN)).not.toBeNull()
  })

  test('refuses two neighbours that changed places, in any key', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 3, max: 48 }), (key, at) => {
        const [a = '', b = ''] = key.slice(at, at + 2)
        fc.pre(a !== b)
        expect(parseKey(key.slice(0, at) + b + a + key.slice(at + 2))).toBeNull()
      }),
      seeded,
    )
  })

  test.each([
    ['nothing', ''],
    ['the prefix alone', 'vg_'],
    ['a missing character', GOLDEN.slice(0, -1)],
    ['a character too many', `${GOLDEN}0`],
    ['a space before it', ` ${GOLDEN}`],
    ['a line break after it', `${GOLDEN}\n`],
    ['another prefix', GOLDEN.replace('vg_', 'hf_')],
    ['a prefix in capitals', GOLDEN.replace('vg_', 'VG_')],
    ['other letter case', GOLDEN.toLowerCase()],
    ['two keys', GOLDEN + GOLDEN],
  ])('refuses %s', (_, text) => {
    expect(parseKey(text)).toBeNull()
  })
})

describe('P22: expiry', () => {
  const payload = (expiryDay: number): KeyPayload => ({
    pepperId: 1,
    keyId: '0000000000000001',
    expiryDay,
    plan: 0,
  })

  test.each(['2026-12-31', '2027-02-28', '2028-02-29', '2149-06-06'])(
    'P22: a key is good to the last millisecond of %s UTC and no longer',
    (date) => {
      const start = Date.parse(`${date}T00:00:00Z`)
      const key = payload(dayOf(start))
      for (const now of [start - 1_000, start, start + DAY_MS - 1_000, start + DAY_MS - 1]) {
        expect(isExpired(key, now)).toBe(false)
      }
      for (const now of [start + DAY_MS, start + DAY_MS + 1_000]) expect(isExpired(key, now)).toBe(true)
    },
  )

  test('P22: a key without an expiry day never expires', () => {
    expect(isExpired(payload(0), Date.parse('9999-12-31T23:59:59Z'))).toBe(false)
  })

  test('P22: days are counted from 1970-01-01 UTC', () => {
    expect(dayOf(0)).toBe(0)
    expect(dayOf(DAY_MS - 1)).toBe(0)
    expect(dayOf(Date.parse('1970-01-02T00:00:00Z'))).toBe(1)
    expect(dayOf(Date.parse('2026-11-24T12:00:00Z'))).toBe(20_781)
  })
})

describe('planFingerprint', () => {
  test('is the same for a name for ever, since keys carry it', () => {
    expect(planFingerprint('default')).toBe(223)
  })

  test('fits into two bytes', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const fingerprint = planFingerprint(name)
        expect(Number.isInteger(fingerprint) && fingerprint >= 0 && fingerprint <= 0xffff).toBe(true)
      }),
      seeded,
    )
  })

  test('tells the names of plans that people choose apart', () => {
    const names = ['default', 'free', 'pro', 'team', 'basic', 'gold', 'trial', 'staff', 'beta', 'enterprise']
    expect(new Set(names.map(planFingerprint)).size).toBe(names.length)
  })
})
