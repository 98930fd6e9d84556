/**
 * Self-certifying API keys: `vg_` + base62(payload, tag) + base62(CRC-32).
 *
 * payload: version (1 byte), pepper id (1), key id (8), expiry day (2), plan (2); big-endian.
 * tag: the first 16 bytes of HMAC-SHA-256(pepper, payload).
 *
 * The checksum lets typing errors and floods of garbage die without touching a secret; the tag lets a key be
 * verified without looking anything up. The prefix and the checksum make keys findable by secret scanners.
 */
import { decodeBase62, encodeBase62 } from '../lib/base62.ts'
import { crc32 } from '../lib/crc32.ts'
import { isPastDay } from '../lib/days.ts'

const PREFIX = 'vg_'
const VERSION = 1
const PAYLOAD_BYTES = 14
export const TAG_BYTES = 16
const CHECKSUM_CHARS = 6

export const KEY_PATTERN = /^vg_[0-9A-Za-z]{47}$/

export interface KeyPayload {
  readonly pepperId: number
  /** 16 hexadecimal digits; names the key in logs and metrics. */
  readonly keyId: string
  /** Days since 1970-01-01 UTC; the key is valid until the end of that day. 0: it does not expire. */
  readonly expiryDay: number
  /** Fingerprint of the plan's name. */
  readonly plan: number
}

export interface ParsedKey {
  readonly payload: KeyPayload
  /** What the tag was computed over. */
  readonly payloadBytes: Uint8Array<ArrayBuffer>
  readonly tag: Uint8Array<ArrayBuffer>
}

export function packPayload(payload: KeyPayload): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PAYLOAD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, payload.pepperId)
  view.setBigUint64(2, BigInt(`0x${payload.keyId}`))
  view.setUint16(10, payload.expiryDay)
  view.setUint16(12, payload.plan)
  return bytes
}

export function formatKey(payloadBytes: Uint8Array, tag: Uint8Array): string {
  const text = PREFIX + encodeBase62(Uint8Array.of(...payloadBytes, ...tag))
  return text + checksum(text)
}

/** The parts of a key; null when it is not well formed or its checksum is wrong. Proves nothing about its tag. */
export function parseKey(text: string): ParsedKey | null {
  if (!KEY_PATTERN.test(text)) return null
  const body = text.slice(0, -CHECKSUM_CHARS)
  if (checksum(body) !== text.slice(-CHECKSUM_CHARS)) return null
  const bytes = decodeBase62(body.slice(PREFIX.length), PAYLOAD_BYTES + TAG_BYTES)
  if (!bytes || bytes[0] !== VERSION) return null
  const view = new DataView(bytes.buffer)
  return {
    payload: {
      pepperId: view.getUint8(1),
      keyId: view.getBigUint64(2).toString(16).padStart(16, '0'),
      expiryDay: view.getUint16(10),
      plan: view.getUint16(12),
    },
    payloadBytes: bytes.slice(0, PAYLOAD_BYTES),
    tag: bytes.slice(PAYLOAD_BYTES),
  }
}

function checksum(text: string): string {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, crc32(new TextEncoder().encode(text)))
  return encodeBase62(bytes)
}

export { dayOf } from '../lib/days.ts'

export const isExpired = (payload: KeyPayload, now: number): boolean => isPastDay(payload.expiryDay, now)

/** Sixteen bits that stand for a plan's name in a key. The configuration refuses two plans that share them. */
export const planFingerprint = (name: string): number => crc32(new TextEncoder().encode(name)) & 0xffff
